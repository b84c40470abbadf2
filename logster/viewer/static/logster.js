/*! Logster: reports this page's JavaScript errors to the Logster it was loaded from.
    Logster.report(error, {level: "warning", env: {order: 7}}) reports what you caught.
    <script src="/logs/logster.js" data-resources> also reports images and scripts that do not load. */
(function (window, document) {
  "use strict";
  var MINUTE = 60000, MOST = 50, BYTES = 60000;
  var script = document.currentScript || document.querySelector('script[src*="logster.js"]');
  var endpoint = script && script.src.replace(/logster\.js([?#].*)?$/, "report_js_error");
  var Logster = window.Logster || (window.Logster = {});
  var sent = {};
  if (Logster.report || !endpoint) return;

  function nothing() {}

  function fresh(key) {
    var now = Date.now(), count = 0;
    for (var each in sent) {
      if (now - sent[each] < MINUTE) count++;
      else delete sent[each];
    }
    return count < MOST && !sent[key] && (sent[key] = now);
  }

  function text(error) {
    if (error && typeof error == "object" && !error.message && !(error instanceof Error)) {
      try { return JSON.stringify(error); } catch (_) {}
    }
    return String(error);
  }

  function encode(report) {
    var body;
    try { body = JSON.stringify(report); } catch (_) {}
    if (!body || body.length > BYTES) {
      report.env = {};
      body = JSON.stringify(report);
    }
    return body;
  }

  function send(report) {
    var body = encode(report), type = "application/json";
    try {
      if (window.navigator.sendBeacon(endpoint, new Blob([body], { type: type }))) return;
    } catch (_) {}
    window.fetch(endpoint, { method: "POST", keepalive: true, headers: { "Content-Type": type }, body: body })
      .then(nothing, nothing);
  }

  // Build tools that give each script a debug id keep them here, by a stack of which the script is the innermost.
  function debugIds(stack) {
    var known = window._sentryDebugIds || {}, found = {}, count = 0, each, script;
    for (each in known) {
      script = /((?:https?|file):\/\/[^\s()]+?):\d+:\d+/.exec(each);
      if (script && stack.indexOf(script[1]) >= 0 && count++ < MOST) found[script[1]] = known[each];
    }
    return found;
  }

  function report(message, error, place, options) {
    try {
      var stack = String((error && error.stack) || "").slice(0, 20000);
      message = String(message === undefined ? text(error) : message).slice(0, 5000);
      if (!fresh("=" + message + stack)) return;
      send({
        message: message,
        stacktrace: stack,
        url: place.filename || "",
        line: place.lineno || 0,
        column: place.colno || 0,
        window_location: String(window.location),
        severity: options.level || "error",
        debug_ids: debugIds(stack),
        env: options.env || {}
      });
    } catch (_) {}
  }

  Logster.report = function (error, options) {
    report(undefined, error, {}, options || {});
  };

  window.addEventListener("error", function (event) {
    var element = event.target, missing = element && element !== window && (element.src || element.href);
    if (missing) {
      if (script.hasAttribute("data-resources")) report("Could not load " + missing, null, {}, { level: "warning" });
    } else if (event.error !== null && event.error !== undefined) {
      report(undefined, event.error, event, {});
    } else if (/^Script error\.?$/.test(event.message)) {
      report('Script error. (Its script comes from another origin; crossorigin="anonymous" would show more.)',
        null, event, {});
    } else if (event.message) {
      report(event.message, null, event, {});
    }
  }, true);

  window.addEventListener("unhandledrejection", function (event) {
    report(undefined, event.reason, {}, {});
  });
})(window, document);
