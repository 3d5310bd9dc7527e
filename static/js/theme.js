// Light, dark, or as the device. The server writes the theme into the page, so nothing flashes; the switch flips at once.
"use strict";

(() => {
  const form = document.querySelector("[data-theme-form]");
  if (!form) return;

  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button?.value) return;
    event.preventDefault();
    const root = document.documentElement;
    const before = root.dataset.theme;
    show(button.value);
    const body = new FormData(form, button);
    fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" }, credentials: "same-origin" })
      .then((answer) => { if (!answer.ok) throw new Error(String(answer.status)); })
      .catch(() => { show(before); window.telareview?.toast(window.telareview.word("failed")); });

    function show(theme) {
      root.dataset.theme = theme;
      for (const each of form.querySelectorAll("button")) each.setAttribute("aria-pressed", String(each.value === theme));
    }
  });
})();
