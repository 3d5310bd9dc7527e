// The filter form applies itself: a choice at once, typing after a pause. Without scripts its button sends it as it is.
//
//   <form data-filters method="get" action="/tasks/" [data-target="#list"]>
//
// Empty fields stay out of the address. With data-target the answer replaces that part of the page (and of the address:
// a choice makes an entry in the browser's history, a typed letter does not); without it the page is opened anew.
"use strict";

(() => {
  const TYPING_MS = 300;
  let timer;

  function addressOf(form) {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && value.trim() !== "") query.append(name, value.trim());
    }
    // What everybody gets without asking for it stays out of the address as well.
    for (const { dataset } of form.querySelectorAll("[data-usual]")) {
      if (query.getAll(dataset.name).join() === dataset.usual) query.delete(dataset.name);
    }
    const address = new URL(form.action, location.href);
    // As Django's and the product's own addresses are written: a blank is +, an @ is %40.
    address.search = query.toString();
    return address;
  }

  function apply(form, { typed = false } = {}) {
    clearTimeout(timer);
    const address = addressOf(form);
    if (address.search === location.search && address.pathname === location.pathname) return;
    const target = form.dataset.target && document.querySelector(form.dataset.target);
    if (!target || !window.htmx) { location.assign(address); return; }
    // The target is the source too: a form as the source would add its empty fields to the address.
    window.htmx.ajax("GET", address.pathname + address.search, {
      source: target, target, swap: "morph:outerHTML", [typed ? "replace" : "push"]: "true",
    }).catch(() => {});
  }

  const formOf = (node) => node?.form?.matches("[data-filters]") ? node.form : null;

  document.addEventListener("input", (event) => {
    const form = formOf(event.target);
    if (!form || !event.target.matches("[type=search], [type=text], input:not([type])")) return;
    clearTimeout(timer);
    timer = setTimeout(() => apply(form, { typed: true }), TYPING_MS);
  });

  document.addEventListener("change", (event) => {
    const form = formOf(event.target);
    if (!form || event.target.matches("[type=search], [type=text], input:not([type]), [data-later]")) return;
    apply(form);
  });

  document.addEventListener("submit", (event) => {
    if (!event.target.matches?.("[data-filters]")) return;
    event.preventDefault();
    apply(event.target);
  });

  // Long lists of values get a field that narrows them; it is no part of the filter.
  document.addEventListener("input", (event) => {
    const box = event.target.closest?.("[data-narrow]");
    if (!box || event.target.name) return;
    const wanted = event.target.value.trim().toLocaleLowerCase();
    for (const label of box.querySelectorAll("label:has(input[name])")) {
      label.hidden = wanted !== "" && !label.textContent.toLocaleLowerCase().includes(wanted);
    }
  });
})();
