"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const texts = data.texts, stages = data.stages;
  // The columns of a row, as page.rs writes them.
  const [MAC, ADDRESS, VENDOR, MODEL, FIRMWARE, SITE, STAGE, FIRST, LAST, ANSWERS, TOLD, FETCHES, REGISTERED,
    HOST, BY, POLICY, SERVER, DRIFT, LOOKS, LISTED] = Array(20).keys();
  const rows = data.rows;
  const byId = (id) => document.getElementById(id);
  // Texts of phones come in as texts only.
  function make(name, text, kind) {
    const made = document.createElement(name);
    if (text !== undefined && text !== null) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  }
  const number = (n) => n.toLocaleString("en");
  const two = (n) => String(n).padStart(2, "0");
  function time(seconds) {
    if (!seconds) return "";
    const d = new Date(seconds * 1000);
    return d.getFullYear() + "-" + two(d.getMonth() + 1) + "-" + two(d.getDate()) + " " + two(d.getHours()) +
      ":" + two(d.getMinutes()) + ":" + two(d.getSeconds());
  }
  function address(n) {
    return n ? [24, 16, 8, 0].map((by) => (n >>> by) & 255).join(".") : "";
  }
  const mac = (row) => row[MAC].match(/../g).join(":");
  const lastFetch = (row) => row[FETCHES].reduce((last, one) => Math.max(last, one[3]), 0);
  const lastRegistered = (row) => row[REGISTERED].reduce((last, one) => Math.max(last, one[3]), 0);
  const answer = (row) => row[REGISTERED].length ? row[REGISTERED][row[REGISTERED].length - 1] : null;
  const good = (status) => (status >= 200 && status < 300) || status === 304;
  const stageKind = (stage) => stages[stage][1] ? "good" : "bad";
  function files(row) {
    const got = row[FETCHES].filter((one) => good(one[1])).length;
    const all = row[FETCHES].length;
    return all ? got + " of " + all : "";
  }

  // The head of the page.
  byId("made").textContent = "offhook " + data.version + ", " + time(data.made) + " (times are this computer's)";
  const servers = byId("servers");
  for (const server of data.servers) {
    const parts = [server.kind + " at " + server.name];
    if (server.release) parts.push("Kea " + server.release + ", offhook " + server.version);
    if (server.policy) parts.push("policy " + server.policy + " since " + time(server.since));
    const line = make("p", parts.join("; "));
    if (server.state) line.append("; ", make("b", server.state, server.state === "active" ? "good" : "bad"));
    servers.append(line);
    for (const mistake of server.mistakes) servers.append(make("p", "mistake: " + mistake, "bad"));
    for (const found of server["competing-options"]) {
      servers.append(make("p", "competing option " + (found.code === null ? "(any)" : found.code) +
        (found.vendor ? " for " + found.vendor : "") + ": " + found.text, "warn"));
    }
  }
  for (const log of data.logs) {
    servers.append(make("p", log.name + ": " + number(log.lines) + " lines, " + number(log.matched) +
      " read, " + number(log.strangers) + " of no known phone", "soft"));
  }
  for (const warning of data.warnings) servers.append(make("p", warning, "warn"));
  const numbers = data.numbers;
  const web = data.logs.some((log) => log.of === "web"), sip = data.logs.some((log) => log.of === "sip");
  for (const [name, count, shown, kind] of [
    ["phones", numbers.phones, true], ["sent a URL", numbers.told, true], ["have files", numbers.fetched, web],
    ["registered", numbers.registered, sip, "good"], ["refused", numbers.refused, sip, "bad"],
    ["of unknown maker", numbers.unknown, true], ["listed, not seen", numbers["not-seen"], true],
    ["drift", numbers.drift, true, "bad"],
  ]) {
    if (name === "drift" && !count) continue;
    const box = make("div", null);
    box.append(make("b", shown ? number(count) : "no log", count && kind ? kind : ""), make("span", name));
    byId("numbers").append(box);
  }

  // What is chosen.
  const chosen = { search: "", vendor: 0, site: 0, stage: -1 };
  let order = { column: STAGE, down: false }, shown = rows.map((_, at) => at);
  let words = null;
  function haystack(at) {
    if (!words) {
      words = rows.map((row) => [row[MAC], mac(row), address(row[ADDRESS]), texts[row[VENDOR]],
        texts[row[MODEL]], texts[row[FIRMWARE]], texts[row[SITE]], texts[row[HOST]],
        row[REGISTERED].map((one) => texts[one[0]]).join(" ")].join(" ").toLowerCase());
    }
    return words[at];
  }
  const rank = [];
  texts.map((_, at) => at).sort((a, b) => texts[a] < texts[b] ? -1 : 1).forEach((at, place) => { rank[at] = place; });
  const columns = [
    ["hardware address", (row) => mac(row), (row) => row[MAC]],
    ["maker", (row) => texts[row[VENDOR]], (row) => rank[row[VENDOR]]],
    ["stage", (row) => stages[row[STAGE]][0], (row) => row[STAGE]],
    ["model", (row) => texts[row[MODEL]], (row) => rank[row[MODEL]]],
    ["address", (row) => address(row[ADDRESS]), (row) => row[ADDRESS]],
    ["site", (row) => texts[row[SITE]], (row) => rank[row[SITE]]],
    ["last DHCP", (row) => time(row[LAST]), (row) => row[LAST]],
    ["files, last", (row) => [files(row), time(lastFetch(row)).slice(11)].filter(Boolean).join(", "),
      (row) => lastFetch(row)],
    ["REGISTER", (row) => { const a = answer(row); return a ? a[1] + " " + texts[a[0]] : ""; },
      (row) => { const a = answer(row); return a ? a[1] : 0; }],
  ];
  const STAGE_COLUMN = 2;
  order.column = STAGE_COLUMN;
  const head = byId("head"), body = byId("body"), space = byId("space"), table = byId("table");
  const HEIGHT = 32;
  const wide = (column) => column > 2 ? "wide" : "";
  columns.forEach(([name], at) => {
    const cell = make("span", null, wide(at));
    cell.setAttribute("role", "columnheader");
    const button = make("button", name);
    button.type = "button";
    button.addEventListener("click", () => {
      order = { column: at, down: order.column === at && !order.down };
      apply();
    });
    cell.append(button);
    head.append(cell);
  });

  function apply() {
    const { search, vendor, site, stage } = chosen;
    const parts = search.toLowerCase().split(/\s+/).filter(Boolean);
    shown = [];
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at];
      if ((vendor && row[VENDOR] !== vendor) || (site && row[SITE] !== site)) continue;
      if (stage >= 0 && row[STAGE] !== stage) continue;
      if (parts.length) {
        const hay = haystack(at);
        if (!parts.every((part) => hay.includes(part))) continue;
      }
      shown.push(at);
    }
    const key = columns[order.column][2], sign = order.down ? -1 : 1;
    const keys = new Map(shown.map((at) => [at, key(rows[at])]));
    shown.sort((a, b) => {
      const x = keys.get(a), y = keys.get(b);
      return x < y ? -sign : x > y ? sign : a - b;
    });
    [...head.children].forEach((cell, at) => cell.setAttribute("aria-sort",
      at !== order.column ? "none" : order.down ? "descending" : "ascending"));
    byId("count").textContent = number(shown.length) + " of " + number(rows.length);
    space.style.height = shown.length * HEIGHT + "px";
    table.scrollTop = 0;
    draw();
    when();
  }

  function line(at, place) {
    const row = rows[at], made = make("div", null, "row");
    made.setAttribute("role", "row");
    columns.forEach(([, show], column) => {
      const cell = make("span", show(row), wide(column));
      cell.setAttribute("role", "cell");
      if (column === STAGE_COLUMN) cell.classList.add(stageKind(row[STAGE]));
      made.append(cell);
    });
    made.style.top = place * HEIGHT + "px";
    made.addEventListener("click", () => detail(at));
    return made;
  }
  // Only the rows in sight are in the page; all of them (up to a bound) while it is printed.
  function draw(all) {
    const first = all ? 0 : Math.max(0, Math.floor(table.scrollTop / HEIGHT) - 10);
    const end = all ? Math.min(shown.length, 2000) : first + Math.ceil(table.clientHeight / HEIGHT) + 20;
    const lines = shown.slice(first, end).map((at, place) => line(at, first + place));
    body.replaceChildren(space, ...lines);
    byId("printed").textContent = all && end < shown.length
      ? "The first " + number(end) + " of " + number(shown.length) + " phones; filter to print others." : "";
  }
  let waiting = false;
  table.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  });
  window.addEventListener("resize", () => draw());
  window.addEventListener("beforeprint", () => draw(true));
  window.addEventListener("afterprint", () => draw());

  // One phone in time.
  function detail(at) {
    const row = rows[at], box = byId("detail");
    const close = make("button", "Close");
    close.type = "button";
    close.addEventListener("click", () => { box.hidden = true; });
    const title = [mac(row), texts[row[VENDOR]], texts[row[MODEL]], texts[row[FIRMWARE]]].filter(Boolean).join(", ");
    const list = make("ol");
    const events = [];
    const add = (at, text, kind) => events.push([at, text, kind]);
    if (row[FIRST]) add(row[FIRST], "first seen by DHCP at " + texts[row[SERVER]]);
    if (row[LAST]) {
      add(row[LAST], "DHCP answer " + number(row[ANSWERS]) + ": " + (address(row[ADDRESS]) || "no address") +
        (row[BY] ? ", recognised by " + texts[row[BY]] : "") + (row[POLICY] ? ", policy " + texts[row[POLICY]] : ""));
    }
    for (let n = 0; n < row[TOLD].length; n += 2) {
      const option = texts[row[TOLD][n]];
      add(row[LAST], "sent " + (/^\d+$/.test(option) ? "option " : "") + option + ": " + texts[row[TOLD][n + 1]]);
    }
    for (const [file, status, times, last] of row[FETCHES]) {
      add(last, status + " " + texts[file] + (times > 1 ? " (" + number(times) + " times)" : ""),
        good(status) ? "good" : status === 404 ? "soft" : "bad");
    }
    for (const [user, status, times, last, reason] of row[REGISTERED]) {
      add(last, "REGISTER of " + texts[user] + ": " + status + (reason ? " " + texts[reason] : "") +
        (times > 1 ? " (" + number(times) + " times)" : ""), status < 300 ? "good" : "bad");
    }
    events.map((event, place) => [...event, place]).sort((a, b) => a[0] - b[0] || a[3] - b[3])
      .forEach(([at, text, kind]) => {
        const item = make("li");
        item.append(make("span", time(at) || "(no time)", "soft"), make("span", text, kind));
        list.append(item);
      });
    const more = [];
    if (row[HOST]) more.push("host name " + texts[row[HOST]]);
    if (row[SITE]) more.push("site " + texts[row[SITE]]);
    if (row[LISTED]) more.push("in the list of phones");
    if (row[LOOKS]) more.push("looks like a phone by " + texts[row[LOOKS]]);
    box.replaceChildren(close, make("b", title), make("div", stages[row[STAGE]][0], stageKind(row[STAGE])),
      make("div", more.join(", "), "soft"));
    if (row[DRIFT]) box.append(make("div", "drift: " + texts[row[DRIFT]], "bad"));
    box.append(list);
    box.hidden = false;
    box.scrollIntoView({ block: "nearest" });
  }

  // Filters.
  function choices(id, first, column) {
    const select = byId(id), counts = new Map();
    rows.forEach((row) => { if (row[column]) counts.set(row[column], (counts.get(row[column]) || 0) + 1); });
    select.append(new Option(first, "0"));
    [...counts].sort((a, b) => rank[a[0]] - rank[b[0]])
      .forEach(([text, count]) => select.append(new Option(texts[text] + " (" + number(count) + ")", text)));
    select.addEventListener("change", () => { chosen[id] = Number(select.value); apply(); });
  }
  choices("vendor", "every maker", VENDOR);
  choices("site", "every site", SITE);
  const stageSelect = byId("stage");
  stageSelect.append(new Option("every stage", "-1"));
  const perStage = stages.map((_, stage) => rows.reduce((sum, row) => sum + (row[STAGE] === stage ? 1 : 0), 0));
  function choose(stage) {
    chosen.stage = stage;
    stageSelect.value = String(stage);
    apply();
  }
  stages.forEach(([name], stage) => {
    if (!perStage[stage]) return;
    stageSelect.append(new Option(name + " (" + number(perStage[stage]) + ")", stage));
    const most = Math.max(...perStage);
    const bar = make("button", null, "bar"), track = make("span"), fill = make("i", null, stageKind(stage));
    bar.type = "button";
    fill.style.width = Math.max(1, 100 * perStage[stage] / most) + "%";
    track.append(fill);
    bar.append(make("span", name), track, make("em", number(perStage[stage])));
    bar.addEventListener("click", () => choose(stage));
    byId("stages").append(bar);
  });
  stageSelect.addEventListener("change", () => choose(Number(stageSelect.value)));
  const search = byId("search");
  search.addEventListener("input", () => { chosen.search = search.value; apply(); });
  byId("clear").addEventListener("click", () => {
    Object.assign(chosen, { search: "", vendor: 0, site: 0, stage: -1 });
    search.value = "";
    byId("vendor").value = byId("site").value = "0";
    stageSelect.value = "-1";
    apply();
  });
  for (const [key, name] of [["by-vendor", "Makers"], ["by-model", "Models"], ["by-firmware", "Firmware"],
    ["by-site", "Sites"], ["by-policy", "Policies"]]) {
    const counts = Object.entries(numbers[key]).sort((a, b) => b[1] - a[1]);
    if (!counts.length) continue;
    const group = make("details"), most = 200;
    group.append(make("summary", name + " (" + number(counts.length) + ")"));
    for (const [text, count] of counts.slice(0, most)) {
      const bar = make("button", null, "bar");
      bar.type = "button";
      bar.append(make("span", text), make("em", number(count)));
      bar.addEventListener("click", () => { search.value = chosen.search = key === "by-policy" ? "" : text; apply(); });
      group.append(bar);
    }
    if (counts.length > most) group.append(make("p", "and " + number(counts.length - most) + " more", "soft"));
    byId("groups").append(group);
  }

  // When: last DHCP answers, fetches and registrations of the phones shown, over time.
  function when() {
    const series = [["DHCP", (row) => row[LAST], "--blue"], ["files", lastFetch, "--warn"],
      ["REGISTER", lastRegistered, "--good"]];
    const times = series.map(([, of]) => shown.map((at) => of(rows[at])).filter(Boolean));
    let low = Infinity, high = -Infinity;
    for (const list of times) for (const t of list) { if (t < low) low = t; if (t > high) high = t; }
    const box = byId("when");
    if (low > high) { box.replaceChildren(make("p", "no times", "soft")); return; }
    const BINS = 60, span = Math.max(60, high - low + 1);
    const bins = times.map((list) => {
      const counts = new Array(BINS).fill(0);
      for (const t of list) counts[Math.min(BINS - 1, Math.floor((t - low) * BINS / span))]++;
      return counts;
    });
    const most = Math.max(1, ...bins.flat());
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("viewBox", "0 0 600 140");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", "DHCP answers, fetches and registrations over time");
    const element = (name, attributes, text) => {
      const made = document.createElementNS(space, name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      if (text !== undefined) made.textContent = text;
      svg.append(made);
      return made;
    };
    bins.forEach((counts, which) => counts.forEach((count, bin) => {
      if (!count) return;
      const height = Math.max(1, 100 * count / most);
      const bar = element("rect", { x: bin * 10 + which * 3, y: 115 - height, width: 2.6, height });
      bar.style.fill = "var(" + series[which][2] + ")";
    }));
    element("text", { x: 0, y: 130 }, time(low));
    element("text", { x: 600, y: 130, "text-anchor": "end" }, time(high));
    element("text", { x: 0, y: 10 }, "most in one bar: " + number(most));
    series.forEach(([name, , colour], which) => {
      const label = element("text", { x: 400 + which * 70, y: 10 }, name);
      label.style.fill = "var(" + colour + ")";
    });
    box.replaceChildren(svg);
  }

  apply();
  // For a test: the page is ready, and how long it took since the page began to load.
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}());
