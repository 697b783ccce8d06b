// What simcord's preview lacks: channels to go to, files in messages, and Apps on messages.
"use strict";
const capability = location.hash.slice(1);
if (!capability) location.replace("/");

const ask = (path, body) => fetch(`/playground/${path}`, {
  method: body === undefined ? "GET" : "POST",
  headers: {
    "X-Simcord-Capability": capability,
    ...(body === undefined || body instanceof FormData ? {} : { "Content-Type": "application/json" }),
  },
  body: body === undefined || body instanceof FormData ? body : JSON.stringify(body),
});
const make = (tag, properties, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const viewer = () => document.getElementById("viewer-picker").value;
const input = () => document.getElementById("channel-composer-input");

addEventListener("DOMContentLoaded", async () => {
  const about = await (await ask("about")).json();
  const mentioned = (text) => text.replace(new RegExp(`@${about.name}\\b`, "gi"), about.mention);
  let files = [];

  const goTo = async (place) => {
    await ask("place", { place });
    location.replace("/");
  };
  const places = make("nav", { className: "playground-places", ariaLabel: "Channels" }, ...about.places.map((place) =>
    make("button", {
      type: "button", textContent: place.label, ariaCurrent: String(place.name === about.place),
      onclick: () => goTo(place.name),
    })));
  document.querySelector(".sidebar-heading").after(places);

  const picker = make("input", { type: "file", multiple: true, hidden: true, accept: "video/*,image/*" });
  const chips = make("div", { className: "playground-files", hidden: true });
  const show = () => {
    chips.hidden = files.length === 0;
    chips.replaceChildren(...files.map((file) => make("button", {
      type: "button", textContent: `${file.name} ×`, ariaLabel: `Remove ${file.name}`,
      onclick: () => { files = files.filter((one) => one !== file); show(); },
    })));
  };
  const add = (list) => { files = [...files, ...list].slice(0, 10); show(); input().focus(); };
  picker.onchange = () => { add(picker.files); picker.value = ""; };
  const attach = make("button", {
    type: "button", className: "playground-attach", textContent: "+", title: "Attach a clip",
    ariaLabel: "Attach a clip", onclick: () => picker.click(),
  });
  const note = make("p", { className: "playground-note" },
    `Attach a clip with + and mention @${about.name}; type / for commands; right-click a message for Apps. `);
  const sample = make("button", { type: "button", textContent: "Post a sample clip" });
  sample.onclick = async () => {
    sample.disabled = true;
    await ask("sample", { viewer: viewer(), text: `${about.mention} is this real?` });
    sample.disabled = false;
  };
  note.append(sample);
  const form = document.getElementById("channel-composer");
  document.querySelector(".composer-row").prepend(attach, picker);
  form.prepend(chips);
  form.append(note);

  form.addEventListener("submit", async (event) => {
    input().value = mentioned(input().value);
    if (files.length === 0) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const body = new FormData();
    body.append("viewer", viewer());
    body.append("text", input().value);
    for (const file of files) body.append("files", file, file.name);
    files = [];
    show();
    input().value = "";
    input().dispatchEvent(new Event("input", { bubbles: true }));
    const answer = await ask("post", body);
    if (!answer.ok) note.prepend(make("strong", { textContent: `Not sent: ${await answer.text()} ` }));
  }, true);

  const timeline = document.getElementById("channel-timeline");
  timeline.addEventListener("dragover", (event) => event.preventDefault());
  timeline.addEventListener("drop", (event) => { event.preventDefault(); add(event.dataTransfer.files); });

  const menu = make("div", { className: "playground-menu", hidden: true, role: "menu" });
  document.body.append(menu);
  addEventListener("click", () => { menu.hidden = true; });
  timeline.addEventListener("contextmenu", (event) => {
    const message = event.target.closest("[data-message-id]");
    if (!message || about.place === "direct" || about.place === "owner") return;
    event.preventDefault();
    menu.replaceChildren(...about.apps.map((app) => make("button", {
      type: "button", role: "menuitem", textContent: `Apps › ${app}`,
      onclick: () => ask("app", { viewer: viewer(), app, message: message.dataset.messageId }),
    })));
    Object.assign(menu.style, { left: `${event.clientX}px`, top: `${event.clientY}px` });
    menu.hidden = false;
  });
});
