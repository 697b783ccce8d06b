"use strict";
// Outlines on faces: corners are shares of the picture's side, so that the size of the canvas does not matter.

const base = "/swap/masks";
const canvas = document.getElementById("canvas");
const pen = canvas.getContext("2d");
const said = document.getElementById("said");
const COLOURS = { exclude: "#ff7a3d", include: "#3ddc97" };
const NEAR = 0.015; // this near to the first corner a click closes the outline

const state = { faces: [], at: 0, outlines: [], corners: [], hull: [], picture: null, changed: false, pointer: null };

const say = (sentence) => { said.textContent = sentence; };
const kind = () => document.querySelector("input[name=kind]:checked").value;
const face = () => state.faces[state.at];
const address = (what) => `${base}/faces/${face().name}/${what}`;

async function ask(url, options) {
  const answer = await fetch(url, options);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

function picture(url) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("The picture cannot be shown."));
    image.src = url;
  });
}

function trace(corners) {
  pen.beginPath();
  for (const [x, y] of corners) pen.lineTo(x * canvas.width, y * canvas.height);
}

function draw() {
  pen.clearRect(0, 0, canvas.width, canvas.height);
  if (!state.picture) return;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(state.picture, 0, 0, canvas.width, canvas.height);
  pen.lineWidth = 2;
  if (!state.outlines.some((one) => one.kind === "include")) {
    pen.setLineDash([6, 6]);
    pen.strokeStyle = "rgba(255,255,255,.75)";
    trace(state.hull);
    pen.closePath();
    pen.stroke();
    pen.setLineDash([]);
  }
  for (const one of state.outlines) {
    trace(one.corners);
    pen.closePath();
    pen.fillStyle = COLOURS[one.kind] + "59";
    pen.strokeStyle = COLOURS[one.kind];
    pen.fill();
    pen.stroke();
  }
  if (state.corners.length) {
    pen.strokeStyle = pen.fillStyle = COLOURS[kind()];
    trace(state.pointer ? [...state.corners, state.pointer] : state.corners);
    pen.stroke();
    for (const [x, y] of state.corners) pen.fillRect(x * canvas.width - 3, y * canvas.height - 3, 6, 6);
  }
  const labelled = state.faces.filter((one) => one.labelled).length;
  document.getElementById("count").textContent =
    `Face ${state.at + 1} of ${state.faces.length}${face().labelled ? ", labelled" : ""}. ${labelled} labelled in all.`;
}

async function go(to) {
  state.at = (to + state.faces.length) % state.faces.length;
  const [label, image] = await Promise.all([ask(address("label")), picture(address("picture"))]);
  Object.assign(state, { outlines: label.outlines || [], hull: label.hull, picture: image, corners: [], changed: false });
  draw();
}

async function save(outlines) {
  closeOutline();
  const body = JSON.stringify({ outlines });
  await ask(address("label"), { method: "PUT", headers: { "Content-Type": "application/json" }, body });
  face().labelled = outlines !== null;
  state.changed = false;
}

function closeOutline() {
  if (state.corners.length >= 3) {
    state.outlines.push({ kind: kind(), corners: state.corners });
    state.changed = true;
  }
  state.corners = [];
  draw();
}

function undo() {
  if (state.corners.length) state.corners.pop();
  else if (state.outlines.length) {
    state.corners = state.outlines.pop().corners;
    state.changed = true;
  }
  draw();
}

function place(event) {
  const box = canvas.getBoundingClientRect();
  const inside = (share) => Math.min(Math.max(share, 0), 1);
  return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
}

const acts = {
  close: async () => closeOutline(),
  undo: async () => undo(),
  clear: async () => { Object.assign(state, { outlines: [], corners: [], changed: true }); draw(); },
  next: async () => { closeOutline(); await save(state.outlines); say("Saved."); await go(state.at + 1); },
  skip: async () => { say(state.changed ? "The last face was not saved." : ""); await go(state.at + 1); },
  back: async () => { say(state.changed ? "The last face was not saved." : ""); await go(state.at - 1); },
  forget: async () => { await save(null); say("The label was taken away."); await go(state.at); },
  exclude: async () => { document.querySelector("input[value=exclude]").checked = true; draw(); },
  include: async () => { document.querySelector("input[value=include]").checked = true; draw(); },
};
const keys = {
  Enter: "close", z: "undo", Backspace: "undo", c: "clear", n: "next", ArrowRight: "next", s: "skip", b: "back",
  ArrowLeft: "back", Delete: "forget", e: "exclude", i: "include",
};
let busy = false;

async function act(name) {
  if (busy) return;
  busy = true;
  try {
    await acts[name]();
  } catch (error) {
    say(error.message || "This did not work; is Facepulse still running?");
  } finally {
    busy = false;
  }
}

for (const name of ["close", "undo", "clear", "next", "skip", "back", "forget"]) {
  document.getElementById(name).addEventListener("click", () => { act(name); canvas.focus(); });
}
document.addEventListener("keydown", (event) => {
  const name = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  const onControl = event.target.matches("button, input");
  if (!name || event.altKey || event.metaKey || (event.ctrlKey && event.key !== "z")) return;
  if (onControl && (event.key === "Enter" || event.key.startsWith("Arrow"))) return;
  event.preventDefault();
  act(name);
});
canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  const [x, y] = place(event);
  const [first] = state.corners;
  if (state.corners.length >= 3 && Math.hypot(first[0] - x, first[1] - y) < NEAR) closeOutline();
  else state.corners.push([x, y]);
  draw();
});
canvas.addEventListener("pointermove", (event) => { state.pointer = place(event); if (state.corners.length) draw(); });
canvas.addEventListener("pointerleave", () => { state.pointer = null; draw(); });
window.addEventListener("beforeunload", (event) => { if (state.changed) event.preventDefault(); });

ask(`${base}/faces.json`)
  .then((set) => {
    state.faces = set.faces;
    const first = set.faces.findIndex((one) => !one.labelled);
    return go(Math.max(first, 0));
  })
  .catch((error) => say(error.message));
