// Sets what the reader chose of the page's looks before anything is drawn, so that nothing flashes or moves.
(function (root) {
  "use strict";
  root.dataset.scripts = "";
  function kept(name) {
    try { return localStorage.getItem("logster." + name); } catch (_) { return null; }
  }
  var theme = kept("theme"), density = kept("density"), split = kept("split");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (density === "dense") root.dataset.density = density;
  if (/^\d{2}(\.\d+)?$/.test(split || "")) root.style.setProperty("--logster-split", split + "%");
})(document.documentElement);
