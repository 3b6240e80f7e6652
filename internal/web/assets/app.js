// The page works without this file. With it, times are in the reader's zone and
// the sections follow what happens, without ever moving what is under the
// pointer or the focus.

const page = document.documentElement;
const byID = (id) => document.getElementById(id);

// ---- Times ----

const utc = page.dataset.zone === "utc";
const zone = utc ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone;
const place = zone.split("/").pop().replaceAll("_", " ");
const format = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
  hour: "2-digit", minute: "2-digit", second: "2-digit",
});

function parts(date) {
  const p = {};
  for (const { type, value } of format.formatToParts(date)) p[type] = value;
  return p;
}

function localTimes(root) {
  const now = parts(new Date());
  for (const time of root.querySelectorAll("time[datetime]")) {
    const t = parts(new Date(time.dateTime));
    const clock = `${t.hour}:${t.minute}:${t.second}`;
    if (time.classList.contains("full")) {
      time.textContent = `${t.year}-${t.month}-${t.day} ${clock}${time.dateTime.slice(19, 23)} ${place}`;
      continue;
    }
    if (t.year !== now.year) time.textContent = `${t.year}-${t.month}-${t.day} ${t.hour}:${t.minute}`;
    else if (t.month !== now.month || t.day !== now.day) time.textContent = `${t.month}-${t.day} ${clock}`;
    else time.textContent = clock;
  }
}

localTimes(document);
const zoneLocal = byID("zone-local");
if (zoneLocal && !utc && place !== "UTC") {
  zoneLocal.textContent = place;
  zoneLocal.title = zone;
}

// ---- Live updates ----

// The one policy by which text becomes markup: fragments of our own server,
// whose templates have escaped every value.
const ours = globalThis.trustedTypes?.createPolicy("jotsight", { createHTML: (s) => s }) ?? { createHTML: (s) => s };

const least = 1000; // milliseconds between two requests for one section

class Section {
  #id; #dirty = false; #busy = false; #held = null; #asked = 0;

  constructor(id) { this.#id = id; }

  get node() { return byID(this.#id); }

  // refresh asks for the section soon, and once more if it changes meanwhile.
  refresh() {
    this.#dirty = true;
    if (this.#busy) return;
    this.#busy = true;
    setTimeout(() => this.#ask(), Math.max(0, this.#asked + least - performance.now()));
  }

  async #ask() {
    this.#dirty = false;
    this.#asked = performance.now();
    try {
      const answer = await fetch(`/fragments/${this.#id}${location.search}`, { headers: { Accept: "text/html" } });
      if (answer.status === 401) return ended();
      if (answer.ok) this.#offer(await answer.text());
    } catch { /* the stream tells when the monitor is back */ }
    this.#busy = false;
    if (this.#dirty) this.refresh();
  }

  #offer(text) {
    const box = document.createElement("template");
    box.innerHTML = ours.createHTML(text);
    const next = box.content.firstElementChild;
    if (next?.id !== this.#id) return;
    localTimes(next);
    this.#held = next;
    this.settle();
  }

  // settle shows what was asked for, unless the reader is in the section.
  settle() {
    if (!this.#held) return;
    const node = this.node;
    if (paused || node.matches(":hover") || node.contains(document.activeElement) || selected(node)) {
      const fresh = added(node, this.#held).length;
      const button = node.querySelector(".fresh");
      if (button && fresh) {
        button.textContent = `${fresh} new`;
        button.hidden = false;
        button.onclick = () => this.show();
      }
      return;
    }
    this.show();
  }

  show() {
    const node = this.node, next = this.#held;
    this.#held = null;
    if (!next) return;
    const fresh = added(node, next);
    for (const row of fresh) row.classList.add("new");
    for (const open of node.querySelectorAll("details[open][data-key]"))
      next.querySelector(`details[data-key="${CSS.escape(open.dataset.key)}"]`)?.setAttribute("open", "");
    keepInPlace(() => node.replaceWith(next));
    if (this.#id === "alerts" && fresh.length) say(`${fresh.length} new ${fresh.length === 1 ? "alert" : "alerts"}`);
  }
}

// added gives the rows of next that node does not have.
function added(node, next) {
  const known = new Set(Array.from(node.querySelectorAll("tr[data-key], article[data-key]"), (row) => row.dataset.key));
  return Array.from(next.querySelectorAll("tr[data-key], article[data-key]")).filter((row) => !known.has(row.dataset.key));
}

// keepInPlace makes a change and scrolls so that what is under the pointer, or
// else at the top of the window, stays where it is.
function keepInPlace(change) {
  const under = Array.from(document.querySelectorAll("section tr:hover, section:hover, section :focus")).pop();
  const anchor = under ?? Array.from(document.querySelectorAll("main section")).find((s) => s.getBoundingClientRect().bottom > 0);
  const before = anchor?.getBoundingClientRect().top;
  change();
  if (!anchor?.isConnected || (!under && scrollY === 0)) return;
  scrollBy(0, anchor.getBoundingClientRect().top - before);
}

function selected(node) {
  const s = getSelection();
  return !s.isCollapsed && node.contains(s.anchorNode);
}

let saidAt = 0;
function say(text) { // at most one announcement in ten seconds
  if (performance.now() - saidAt < 10000 && saidAt) return;
  saidAt = performance.now();
  byID("say").textContent = text;
}

const sections = Object.fromEntries(["status", "alerts", "scans", "events"].map((id) => [id, new Section(id)]));
const topOfList = !new URLSearchParams(location.search).has("before");
let paused = false, stream = null, seen = document.body.dataset.totals, over = false;

function changed(next) {
  const [boot, events, alerts, scans] = seen.split(".");
  const other = next.boot !== boot;
  const moreEvents = other || String(next.events) !== events;
  const moreAlerts = other || String(next.alerts) !== alerts;
  seen = [next.boot, next.events, next.alerts, next.scans].join(".");
  if (moreEvents || moreAlerts) sections.status.refresh();
  if (moreEvents && topOfList) sections.events.refresh();
  if (moreAlerts) sections.alerts.refresh();
  if (other || String(next.scans) !== scans) sections.scans.refresh();
}

function show(word, state) {
  byID("live-word").textContent = word;
  byID("live").dataset.state = state;
}

function ended() {
  over = true;
  close();
  show("Logged out", "lost");
  const lost = byID("lost");
  lost.textContent = "Your session has ended. Load the page again to log in.";
  lost.hidden = false;
}

function open() {
  if (stream || over || paused || document.hidden) return;
  stream = new EventSource(`/stream?seen=${encodeURIComponent(seen)}`);
  stream.onopen = () => show("Live", "live");
  stream.addEventListener("totals", (e) => changed(JSON.parse(e.data)));
  stream.onerror = () => {
    show("Reconnecting", "lost");
    // A refused stream is not tried again by the browser: ask once why.
    if (stream?.readyState === EventSource.CLOSED) { close(); sections.status.refresh(); setTimeout(open, 5000); }
  };
}

function close() {
  stream?.close();
  stream = null;
}

if (seen) {
  const button = byID("pause");
  byID("live").hidden = button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
    button.textContent = paused ? "Resume" : "Pause";
    if (paused) { close(); show("Paused", "paused"); return; }
    for (const s of Object.values(sections)) s.settle();
    open();
  });
  // A page that nobody sees needs no connection; a browser has six for one host.
  document.addEventListener("visibilitychange", () => { document.hidden ? close() : open(); });
  // What was held back is shown when the reader leaves the section.
  document.addEventListener("pointerover", () => { for (const s of Object.values(sections)) s.settle(); }, { passive: true });
  document.addEventListener("focusin", () => { for (const s of Object.values(sections)) s.settle(); });
  document.documentElement.addEventListener("pointerleave", () => { for (const s of Object.values(sections)) s.settle(); });
  // Time passes also when nothing happens: the hour moves on, services fall silent.
  setInterval(() => { if (stream) sections.status.refresh(); }, 30000);
  open();
}

// "/" goes to the filter.
document.addEventListener("keydown", (e) => {
  if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey || e.target.closest?.("input, select, textarea")) return;
  const field = document.querySelector(".filter input[name=address]");
  if (field) { e.preventDefault(); field.focus(); }
});
