// The live check: the page came from the mirror at once; now the same address is asked live and the rows are morphed.
//
//   <section id="list" hx-sync="this:replace"> … <div id="results" data-live-url="/tasks/live/?…" [data-live-every="30"]>
//
// hx-sync on the part that filters, sorting and paging replace lets a newer question end the older one, so a slow answer
// never overwrites a newer one. A hidden tab asks nothing. A failure leaves the rows as they are and says so in
// [data-live-state]. The answer carries the same data-live-url again, else it would be asked at once.
"use strict";

(() => {
  const SOON_MS = 50;
  const LEAST_EVERY_S = 10;
  let timer;
  let asked = "";

  const box = () => document.querySelector("[data-live-url]");

  function ask() {
    clearTimeout(timer);
    const results = box();
    // The reader's own request goes first; when it has settled, this is asked for what it brought.
    if (!results || document.hidden || !window.htmx || document.querySelector("#content .htmx-request")) return;
    asked = results.dataset.liveUrl;
    results.setAttribute("aria-busy", "true");
    window.htmx.ajax("GET", asked, { source: results, target: results, swap: "morph:outerHTML" }).catch(() => {});
  }

  function again() {
    clearTimeout(timer);
    const every = Number(box()?.dataset.liveEvery);
    if (every) timer = setTimeout(ask, Math.max(every, LEAST_EVERY_S) * 1000);
  }

  function failed(text) {
    const results = box();
    results?.removeAttribute("aria-busy");
    const state = document.querySelector("[data-live-state]");
    if (!state) return;
    const retry = document.createElement("button");
    retry.type = "button";
    retry.className = "link";
    retry.textContent = window.telareview.word("retry");
    retry.addEventListener("click", ask);
    const dot = document.createElement("span");
    dot.className = "dot old";
    dot.setAttribute("aria-hidden", "true");
    state.replaceChildren(dot, document.createTextNode(" " + text + " "), retry);
  }

  // Only what the reader asked for is worth a toast.
  function tell({ requestConfig, elt }, name) {
    const text = window.telareview.word(name);
    if (requestConfig?.path === asked) failed(text);
    else if (!elt.matches?.("[data-quiet]")) window.telareview.toast(text);
  }

  // A list swapped in by a filter, a page or a sort has an address of its own to ask.
  document.addEventListener("htmx:afterSettle", () => {
    const results = box();
    if (results && results.dataset.liveUrl !== asked) timer = setTimeout(ask, SOON_MS);
  });

  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.requestConfig?.path !== asked) return;
    box()?.removeAttribute("aria-busy");
    again();
  });
  document.addEventListener("htmx:responseError", ({ detail }) => tell(detail, "failed"));
  for (const kind of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(kind, ({ detail }) => tell(detail, "offline"));
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else if (box() && (box().dataset.liveEvery || asked === "")) ask();
  });

  if (box()) timer = setTimeout(ask, SOON_MS);
})();
