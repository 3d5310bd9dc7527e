// What every page does: copy, announce, toast, keep relative times true, close what is open, say when a request failed.
"use strict";

window.telareview = (() => {
  const TOAST_MS = 6000;
  const WAITING_AFTER_MS = 150;
  const TIMES_EVERY_MS = 30_000;
  const DAY_MS = 86_400_000;

  const word = (name) => document.body.dataset["word" + name[0].toUpperCase() + name.slice(1)] ?? "";

  function announce(text) {
    const region = document.getElementById("announce");
    if (!region) return;
    region.textContent = "";
    // A text set twice in a row is read once only; the empty moment between makes it news again.
    requestAnimationFrame(() => { region.textContent = text; });
  }

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(svg.namespaceURI, "use");
    use.setAttribute("href", "#i-" + name);
    svg.append(use);
    return svg;
  }

  // --- Toasts: results of one's own act ---------------------------------------------------------------------------

  function runDown(toast) {
    let timer;
    const rest = () => clearTimeout(timer);
    const go = () => { rest(); timer = setTimeout(() => toast.remove(), TOAST_MS); };
    for (const kind of ["pointerenter", "focusin"]) toast.addEventListener(kind, rest);
    for (const kind of ["pointerleave", "focusout"]) toast.addEventListener(kind, go);
    go();
  }

  function toast(text) {
    const box = document.getElementById("toasts");
    if (!box) return;
    const made = document.createElement("div");
    made.className = "toast";
    const words = document.createElement("p");
    words.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.dataset.closeToast = "";
    close.setAttribute("aria-label", word("close"));
    close.append(icon("close"));
    made.append(words, close);
    box.replaceChildren(made);
    runDown(made);
  }

  // --- Copy -------------------------------------------------------------------------------------------------------

  async function copy(text, button) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      if (!copyByHand(text)) { toast(word("copyFailed")); return; }
    }
    if (!button) { toast(word("copied")); return; }
    announce(word("copied"));
    const use = button.querySelector("use");
    if (!use || use.dataset.before) return;
    use.dataset.before = use.getAttribute("href");
    use.setAttribute("href", "#i-check");
    setTimeout(() => { use.setAttribute("href", use.dataset.before); delete use.dataset.before; }, 1500);
  }

  // Without https there is no clipboard interface; the older way still works.
  function copyByHand(text) {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "hush";
    document.body.append(area);
    const before = document.activeElement;
    area.select();
    let done = false;
    try { done = document.execCommand("copy"); } catch { done = false; }
    area.remove();
    before?.focus?.();
    return done;
  }

  // --- Relative times -----------------------------------------------------------------------------------------------

  function keepTimesTrue() {
    const now = Date.now();
    for (const shown of document.querySelectorAll("time[data-relative]")) {
      const age = now - Date.parse(shown.dateTime);
      if (!(age < DAY_MS)) {
        shown.textContent = shown.dataset.relative || shown.title || shown.textContent;
        shown.removeAttribute("data-relative");
        continue;
      }
      const minutes = Math.floor(age / 60_000);
      let text = word("now");
      if (minutes >= 60) text = word("hours").replace("{n}", Math.floor(minutes / 60));
      else if (minutes >= 1) text = word("minutes").replace("{n}", minutes);
      if (shown.textContent !== text) shown.textContent = text;
    }
  }

  // --- Clicks, Escape, dialogs ----------------------------------------------------------------------------------------

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const button = target?.closest("button, a");
    if (button?.dataset.copy !== undefined) {
      event.preventDefault();
      copy(button.dataset.copy || location.href, button);
    }
    if (button?.dataset.copyFrom) copy(document.getElementById(button.dataset.copyFrom).textContent, button);
    if (button?.dataset.open) document.getElementById(button.dataset.open)?.showModal();
    if (button?.dataset.closeDialog !== undefined) button.closest("dialog")?.close();
    if (button?.dataset.closeToast !== undefined) button.closest(".toast")?.remove();
    if (target?.tagName === "DIALOG") {
      const box = target.getBoundingClientRect();
      const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside) target.close();
    }
    for (const open of document.querySelectorAll("details.drop[open]")) {
      if (target && !open.contains(target)) open.open = false;
    }
  });

  // A dialog whose content was fetched opens with it; a form in it that is sent closes it, for its answer is a file or a page.
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    const dialog = document.querySelector(`dialog[data-opens-with="${CSS.escape(detail.target.id)}"]`);
    if (dialog && !dialog.open) dialog.showModal();
  });
  document.addEventListener("submit", ({ target }) => target.closest("dialog[data-opens-with]")?.close());

  function closeOpen() {
    const open = [...document.querySelectorAll("details.drop[open]")].pop();
    if (!open) return false;
    const within = open.contains(document.activeElement);
    open.open = false;
    if (within) open.querySelector("summary")?.focus();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]") && closeOpen()) event.preventDefault();
  });

  // Leaving a pop-over with Tab closes it.
  document.addEventListener("focusin", (event) => {
    for (const open of document.querySelectorAll("details.drop[open]")) {
      if (event.target !== document.body && !open.contains(event.target)) open.open = false;
    }
  });

  // A submit button may send its form by the change of one of its fields.
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (event.target.matches?.("[data-submit]") && form) form.requestSubmit();
  });

  // --- Requests of htmx: a thin line while they run, words when they fail ----------------------------------------------

  const waiting = new Map();

  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    const target = detail.target;
    // The live check is nobody's wish: the rows stay as clear as they are.
    if (detail.requestConfig.path === detail.elt.dataset?.liveUrl) return;
    waiting.set(detail.xhr, setTimeout(() => {
      target.classList.add("is-waiting");
      document.getElementById("working")?.classList.add("on");
    }, WAITING_AFTER_MS));
  });

  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    clearTimeout(waiting.get(detail.xhr));
    waiting.delete(detail.xhr);
    if (!waiting.size) {
      document.getElementById("working")?.classList.remove("on");
      for (const dim of document.querySelectorAll(".is-waiting")) dim.classList.remove("is-waiting");
    }
  });

  // A form that comes back with its mistakes (422) is an answer, not a failure.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.xhr.status === 422) { detail.shouldSwap = true; detail.isError = false; }
  });

  // What asks by itself every so often rests while nobody looks.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.elt.matches?.("[data-poll]")) event.preventDefault();
  });

  document.addEventListener("htmx:afterSettle", keepTimesTrue);

  // --- Morphing keeps what the reader is at: the field being typed into, and open drop-downs ------------------------

  if (window.Idiomorph) {
    window.Idiomorph.defaults.ignoreActiveValue = true;
    window.Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !(name === "open" && node.tagName === "DETAILS");
  }

  // A first column that stays while the rest scrolls gets a line at its edge.
  document.addEventListener("scroll", ({ target }) => {
    if (target instanceof Element && target.matches(".tablebox")) target.classList.toggle("is-scrolled", target.scrollLeft > 0);
  }, { capture: true, passive: true });

  function start() {
    for (const shown of document.querySelectorAll(".toast")) runDown(shown);
    keepTimesTrue();
    setInterval(() => { if (!document.hidden) keepTimesTrue(); }, TIMES_EVERY_MS);
  }
  start();

  return { announce, copy, icon, toast, word, closeOpen };
})();
