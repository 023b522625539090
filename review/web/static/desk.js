// What the desk does in the browser: keys, the next item fetched before it is wanted, light and dark.
// Everything works without it, by forms; nothing here makes markup out of text.
"use strict";
(() => {
  const csrf = document.querySelector('meta[name="csrf"]').content;
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const slot = one("#item-slot");
  let ahead = null; // the next item: a promise of {id, markup}, claimed for this person
  let busy = false;

  const say = (message, undo = false) => {
    one("#alert").replaceChildren(); // what was wanting is done
    show("#notice", message, undo);
  };
  const warn = (message) => show("#alert", message, false);
  function show(where, message, undo) {
    const box = document.createElement("div");
    box.append(message);
    if (undo) {
      const button = document.createElement("button");
      button.type = "button";
      button.append("撤销（U）");
      button.addEventListener("click", takeBack);
      box.append(button);
    }
    one(where).replaceChildren(box);
    // Above the bar, which is higher while reasons are asked for, and one above the other.
    const below = (one(".bar")?.offsetHeight ?? 52) + 16;
    one(where).style.bottom = `${where === "#alert" ? below + one("#notice").offsetHeight : below}px`;
    setTimeout(() => box.remove(), where === "#alert" ? 12000 : 6000);
  }

  const UNREACHED = "连不上审核台，没有得到答复；请稍后重试"; // browsers say it in English
  const noAnswer = (status) => `没有得到审核台的答复（${status}），请稍后重试`;
  async function post(path, fields) {
    return answer(await ask(path, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRF-Token": csrf },
      body: new URLSearchParams(fields),
      redirect: "error",
    }), "application/json");
  }
  async function ask(path, options) {
    try {
      return await fetch(path, options);
    } catch (fault) {
      throw new Error(UNREACHED, { cause: fault });
    }
  }
  // What is of another kind than was asked for is not the desk's: a proxy's page in its place says nothing of what was done.
  async function answer(response, kind) {
    const is = (expected) => response.headers.get("content-type")?.startsWith(expected);
    const data = is("application/json") ? await response.json() : {};
    if (response.status === 401 && data.go) {
      location.assign(onward(data.go));
      throw new Error(data.error);
    }
    if (!response.ok || !is(kind)) throw new Error(data.error || noAnswer(response.status));
    return kind === "application/json" ? data : response.text();
  }
  // The log-in leads back to where it was asked for.
  function onward(path) {
    const here = encodeURIComponent(location.pathname + location.search);
    return path.startsWith("/login") ? `${path}${path.includes("?") ? "&" : "?"}to=${here}` : path;
  }
  const fetchPart = async (path) => answer(await ask(path, { headers: { "X-Desk-Part": "1" } }), "text/html");

  // Of a part that is refused htmx shows nothing: the button would seem to do nothing.
  addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
    const data = xhr.getResponseHeader("content-type")?.startsWith("application/json") ? JSON.parse(xhr.responseText) : {};
    if (xhr.status === 401 && data.go) location.assign(onward(data.go));
    else warn(data.error || noAnswer(xhr.status));
  });
  addEventListener("htmx:sendError", () => warn(UNREACHED));

  // --- one item ---------------------------------------------------------------------------------------------------
  const item = () => one("#item");
  const list = () => all("#item .finding").filter((row) => row.offsetParent !== null);

  function fetchAhead() {
    const here = item();
    if (!here || here.dataset.canDecide !== "1") return;
    const fields = [["filters", here.dataset.filters], ["in_hand", here.dataset.item]];
    ahead = post("/following", fields).then(async ({ item: id, query }) => {
      if (id === null) return null;
      const markup = await fetchPart(`/items/${id}?${query}`);
      const page = new DOMParser().parseFromString(markup, "text/html");
      const shot = page.querySelector(".shot image");
      if (shot) new Image().src = shot.getAttribute("href");
      return { id, query, article: page.querySelector("#item") };
    });
    ahead.catch(() => {}); // told when it is wanted
  }

  async function showNext() {
    const next = await (ahead ?? Promise.resolve(null));
    ahead = null;
    if (!next) {
      location.assign(`/queue?done=empty&${item().dataset.query}`);
      return;
    }
    place(next.article, `/items/${next.id}?${next.query}`);
  }

  // What was written of the item last left, so that it comes back with a decision taken back, a reload, the next log-in: to the
  // same person in the same tab.
  function keepWritten() {
    const form = one("#decide"), here = item();
    if (!form) return;
    const written = [...new FormData(form)].filter(([name, value]) => value && (name === "note" || name.startsWith("finding-")));
    if (written.length) sessionStorage.setItem("written", JSON.stringify({ item: here.dataset.item, reader: here.dataset.reader, written }));
    else if (isWrittenHere(readWritten())) sessionStorage.removeItem("written");
  }
  const readWritten = () => JSON.parse(sessionStorage.getItem("written") ?? "null");
  const isWrittenHere = (kept) => kept?.item === item().dataset.item && kept.reader === item().dataset.reader;
  function putBackWritten() {
    const form = one("#decide"), kept = readWritten();
    if (!form || !isWrittenHere(kept)) return;
    for (const [name, value] of kept.written) {
      if (name === "note") form.elements.note.value = value;
      else for (const choice of all("#item .finding input")) if (choice.name === name && choice.value === value) choice.checked = true;
    }
  }

  function place(article, path) {
    keepWritten();
    slot.replaceChildren(document.adoptNode(article));
    history.pushState(null, "", path);
    document.title = `${item().dataset.title} · 医广哨兵`;
    begin();
    fetchAhead();
  }

  async function open(id, query) {
    const markup = await fetchPart(`/items/${id}?${query}`);
    place(new DOMParser().parseFromString(markup, "text/html").querySelector("#item"), `/items/${id}?${query}`);
  }

  async function decide(verdict, reason = "") {
    const form = one("#decide");
    if (busy || !form) return;
    busy = true;
    const fields = new FormData(form);
    fields.set("verdict", verdict);
    fields.set("reason", reason);
    fields.delete("choice");
    const started = performance.now();
    try {
      const done = await post(form.getAttribute("action"), fields);
      const words = { confirm: "已确认", dismiss: "已排除", "not-ad": "已记为非广告", later: "稍后再看" }[done.verdict];
      const many = done.decided > 1 ? `（连同同类共 ${done.decided} 条）` : "";
      const left = done.skipped ? `；${done.skipped} 条已有变化，未一并决定` : "";
      say(`${words}${many}${left}`, true);
      await showNext();
      performance.measure("decide-and-next", { start: started });
    } catch (fault) {
      warn(fault.message);
    } finally {
      busy = false;
    }
  }

  async function takeBack() {
    if (busy) return;
    busy = true;
    try {
      const query = item() ? item().dataset.query : "";
      const undone = await post("/undo", []);
      if (slot && undone.items === 1) {
        await open(undone.item, query);
        say("已撤销");
      } else {
        location.assign("/queue?done=undone");
      }
    } catch (fault) {
      warn(fault.message);
    } finally {
      busy = false;
    }
  }

  function choose(verdict) {
    for (const box of all("#item .reasons")) box.hidden = box.dataset.verdict !== verdict || !box.hidden;
    for (const button of all("[data-opens]")) button.setAttribute("aria-expanded", String(button.dataset.opens === openReasons()?.dataset.verdict));
    openReasons()?.querySelector("button")?.focus();
  }
  const openReasons = () => one("#item .reasons:not([hidden])");
  function closeReasons() {
    for (const box of all("#item .reasons")) box.hidden = true;
    for (const button of all("[data-opens]")) button.setAttribute("aria-expanded", "false");
  }
  function giveReason(button) {
    const note = one('#decide input[name="note"]');
    if (button.dataset.note && !note.value.trim()) {
      warn("此理由须写说明");
      note.focus();
      note.dataset.then = button.dataset.reason;
      note.dataset.verdict = button.closest(".reasons").dataset.verdict;
      return;
    }
    decide(button.closest(".reasons").dataset.verdict, button.dataset.reason);
  }

  function point(id, scroll = true) {
    for (const marked of all("#item .on")) marked.classList.remove("on");
    const row = one(`#finding-${id}`);
    if (!row) return;
    row.classList.add("on");
    for (const mark of all("#item .prose mark")) if (mark.dataset.findings.split(" ").includes(id)) mark.classList.add("on");
    for (const box of all("#item .shot rect")) if (box.dataset.finding === id) box.classList.add("on");
    if (!scroll) return;
    row.scrollIntoView({ block: "nearest" });
    one("#item .prose mark.on")?.scrollIntoView({ block: "center" });
    showBox();
  }
  function showBox() {
    const box = one("#item .shot rect.on"), frame = one("#item .shot");
    if (!box || !frame.offsetParent) return;
    const at = box.getBoundingClientRect(), view = frame.getBoundingClientRect();
    frame.scrollTop += at.top - view.top - view.height / 3;
    frame.scrollLeft += at.left - view.left - view.width / 3;
  }
  function step(by) {
    const rows = list();
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.classList.contains("on"));
    const to = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by));
    point(rows[to].dataset.finding);
  }
  function mark(verdict) {
    const row = one("#item .finding.on") ?? list()[0];
    const choice = row && one(`input[value="${verdict}"]`, row);
    if (!choice) return;
    choice.checked = !choice.checked;
    point(row.dataset.finding, false);
    if (choice.checked) step(1);
  }

  const TABS = ["shot", "who", "past", "earlier", "score"];
  function tab(name, focus = false) {
    for (const each of TABS) {
      const button = one(`#tab-${each}`), panel = one(`#panel-${each}`);
      if (!button) return;
      button.setAttribute("aria-selected", String(each === name));
      button.tabIndex = each === name ? 0 : -1;
      panel.hidden = each !== name;
      if (focus && each === name) button.focus();
    }
    sessionStorage.setItem("tab", name);
    if (name === "shot") showBox();
  }
  function zoom() {
    const frame = one("#item .shot"), button = one("#zoom");
    if (!frame) return;
    const zoomed = frame.classList.toggle("zoomed");
    button.setAttribute("aria-pressed", String(zoomed));
    showBox();
  }
  function together() {
    const box = one("#cluster-all");
    if (!box) return;
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
    box.closest("details").open = true;
  }
  function begin() {
    if (!item()) return;
    putBackWritten();
    tab(sessionStorage.getItem("tab") || "shot");
    const first = list()[0];
    if (first) point(first.dataset.finding, false);
    const mark = one("#item .prose mark.on");
    if (mark && mark.getBoundingClientRect().bottom > innerHeight * 0.8) mark.scrollIntoView({ block: "center" });
    one("#main").focus({ preventScroll: true });
  }

  // --- keys: by their place on the keyboard, so that an input method that is on does not swallow them ---------------
  const KEYS = {
    KeyC: () => decide("confirm"), KeyD: () => choose("dismiss"), KeyA: () => choose("not-ad"), KeyL: () => decide("later"),
    KeyU: takeBack, KeyJ: () => step(1), KeyK: () => step(-1), KeyY: () => mark("yes"), KeyN: () => mark("no"),
    KeyW: () => mark("wrong-rule"), KeyG: together, KeyZ: zoom, KeyO: () => one("#original")?.click(),
    KeyM: () => one('#decide input[name="note"]')?.focus(), KeyQ: () => location.assign(`/queue?${item().dataset.query}`),
  };
  const isTyping = (target) => target.closest('input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable]');

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      closeReasons();
      if (isTyping(event.target)) event.target.blur();
      for (const open of all("details.cluster[open], details.menu[open]")) open.open = false;
      return;
    }
    const target = event.target instanceof Element ? event.target : document.body;
    if (isTyping(target)) {
      if (event.key === "Enter" && !event.isComposing && target.name === "note" && target.form?.id === "decide") {
        event.preventDefault();
        if (target.dataset.verdict && target.value.trim()) decide(target.dataset.verdict, target.dataset.then);
        else target.blur();
      }
      return;
    }
    if (one("dialog[open]")) return;
    if (!item()) {
      if (event.key === "Enter" && target === document.body) one("#start")?.click();
      return;
    }
    if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) return void one("#keys").showModal();
    const reasons = openReasons();
    if (reasons) {
      const digit = event.code.replace(/^(Digit|Numpad)/, "");
      const button = all("button[data-key]", reasons).find((each) => each.dataset.key === digit || each.dataset.key === event.key);
      if (button) {
        event.preventDefault();
        giveReason(button);
        return;
      }
    } else if (/^(Digit|Numpad)[1-5]$/.test(event.code)) {
      tab(TABS[Number(event.code.slice(-1)) - 1]);
      return;
    }
    if (event.shiftKey || event.repeat && !["KeyJ", "KeyK"].includes(event.code)) return;
    const act = KEYS[event.code];
    if (act) {
      event.preventDefault();
      act();
    }
  });

  addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    const button = target.closest("button");
    if (button?.dataset.opens) choose(button.dataset.opens);
    else if (button?.dataset.closes) closeReasons();
    else if (button?.dataset.reason !== undefined && button?.closest(".reasons")) { event.preventDefault(); giveReason(button); }
    else if (button?.getAttribute("role") === "tab") tab(button.id.replace("tab-", ""));
    else if (button?.id === "zoom") zoom();
    else if (button?.id === "boxes") button.setAttribute("aria-pressed", String(!one("#item .shot").classList.toggle("plain")));
    else if (button?.id === "undo" || button?.id === "undo-now") { event.preventDefault(); takeBack(); }
    else if (button?.id === "help") one("#keys").showModal();
    else if (button?.id === "theme") turn();
    else if (button?.name === "verdict" && button.form?.id === "decide") { event.preventDefault(); decide(button.value); }
    else if (!button && !target.closest("a, input, label, summary")) {
      const row = target.closest(".finding"), mark = target.closest("mark"), box = target.closest("rect[data-finding]");
      if (row) point(row.dataset.finding);
      else if (mark) { point(mark.dataset.findings.split(" ")[0], false); one("#item .finding.on")?.scrollIntoView({ block: "nearest" }); showBox(); }
      else if (box) point(box.dataset.finding);
    }
  });
  addEventListener("keydown", (event) => {
    if (event.target instanceof Element && event.target.getAttribute("role") === "tab" && ["ArrowLeft", "ArrowRight"].includes(event.key)) {
      const at = TABS.indexOf(event.target.id.replace("tab-", ""));
      tab(TABS[(at + (event.key === "ArrowRight" ? 1 : TABS.length - 1)) % TABS.length], true);
    }
  });
  addEventListener("change", (event) => {
    if (event.target.id === "cluster-all") for (const box of all('input[name="with"]')) box.checked = event.target.checked;
  });
  addEventListener("submit", (event) => {
    if (event.target.id === "decide") event.preventDefault();
  });
  addEventListener("popstate", () => location.reload());

  // --- the rest ---------------------------------------------------------------------------------------------------
  function turn() {
    const root = document.documentElement;
    const dark = root.dataset.theme === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : root.dataset.theme === "dark";
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  }
  // What is open stays this person's while they read; what was fetched ahead is given back when they go.
  setInterval(() => {
    const here = item();
    if (here?.dataset.canDecide !== "1") return;
    post(`/items/${here.dataset.item}/extend`, []).then(({ until }) => {
      if (until === null) warn("此条已超时释放，可能有他人正在处理");
    }).catch((fault) => warn(fault.message));
    ahead?.then((next) => next && post(`/items/${next.id}/extend`, [])).catch(() => {});
  }, 4 * 60 * 1000);
  let fetched = null;
  addEventListener("pagehide", () => {
    if (item()) keepWritten();
    if (fetched) navigator.sendBeacon(`/items/${fetched}/release`, new URLSearchParams({ csrf }));
  });
  if (item()) {
    begin();
    fetchAhead();
  }
  setInterval(() => { fetched = null; ahead?.then((next) => { fetched = next?.id ?? null; }).catch(() => {}); }, 500);
})();
