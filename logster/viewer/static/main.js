// What a page with scripts can do beyond the page without: each module enhances what the server rendered.
import "./ago.js";
import "./bulk.js";
import "./copies.js";
import "./copy.js";
import "./entry.js";
import "./histogram.js";
import "./keyboard.js";
import "./list.js";
import "./live.js";
import "./looks.js";
import "./search.js";
import "./selection.js";
import "./splitter.js";
