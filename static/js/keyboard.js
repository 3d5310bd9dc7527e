// Shortcuts: off while typing, off with data-shortcuts="off" on <html>. What they do stands in the dialog behind "?".
"use strict";

(() => {
  if (document.documentElement.dataset.shortcuts === "off") return;
  const SECOND_KEY_MS = 1200;
  let leading = 0;

  const typing = (node) => node.isContentEditable || node.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");
  const rows = () => [...document.querySelectorAll("table[data-rows] > tbody > tr:has(a[href])")];
  const linkOf = (row) => row.querySelector("[data-row-link], .name a[href], a[href]");

  function move(step) {
    const all = rows();
    if (!all.length) return false;
    const at = all.findIndex((row) => row.classList.contains("is-cursor"));
    const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step))];
    for (const row of all) row.classList.toggle("is-cursor", row === next);
    linkOf(next).focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    return true;
  }

  function follow(selector) {
    const link = document.querySelector(selector);
    if (!link) return false;
    link.click();
    return true;
  }

  function openFilters() {
    const sheet = document.querySelector("[data-filters] [popover]");
    if (sheet && getComputedStyle(sheet).display === "none") { sheet.showPopover(); return true; }
    const first = document.querySelector("[data-filters] details.drop");
    if (!first) return false;
    first.open = true;
    (first.querySelector("input, select, button, a") ?? first.querySelector("summary")).focus();
    return true;
  }

  // A page's own acts: buttons that name their key.
  function press(key) {
    const button = /^[a-z]$/.test(key) && [...document.querySelectorAll(`[data-key="${key}"]`)].find((each) => each.checkVisibility() && !each.disabled);
    if (!button) return false;
    button.click();
    return true;
  }

  const keys = {
    "/": () => { const field = document.querySelector("[data-search], input[type=search]"); field?.focus(); field?.select(); return Boolean(field); },
    j: () => move(1),
    k: () => move(-1),
    f: openFilters,
    e: () => follow("[data-export]"),
    c: () => { window.telareview.copy(location.href); return true; },
    "[": () => follow("a[rel~=prev]"),
    "]": () => follow("a[rel~=next]"),
    "?": () => { const help = document.getElementById("keys"); help?.showModal(); return Boolean(help); },
    g: () => { leading = Date.now(); return true; },
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    // Escape leaves a field of a draft, so that the keys work again.
    if (event.key === "Escape" && event.target instanceof Element && typing(event.target) && event.target.closest("[data-draft]")) {
      event.target.blur();
      return;
    }
    if (!(event.target instanceof Element) || typing(event.target) || document.querySelector("dialog[open]")) return;
    const second = Date.now() - leading < SECOND_KEY_MS;
    leading = 0;
    const done = second ? follow(`[data-go="${CSS.escape(event.key)}"]`) : (keys[event.key] ? keys[event.key]() : press(event.key));
    if (done) event.preventDefault();
  });

  // The cursor goes where the focus goes, by whatever key it came, and stays when the rows are morphed.
  function followFocus() {
    const row = document.activeElement?.closest("table[data-rows] > tbody > tr");
    if (row) for (const other of rows()) other.classList.toggle("is-cursor", other === row);
  }
  document.addEventListener("focusin", followFocus);
  document.addEventListener("htmx:afterSettle", followFocus);
})();
