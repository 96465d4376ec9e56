// The portal in a browser: it is walked as a reader would walk it, with scripts and without,
// and every kind of page is held to WCAG 2.2 AA (axe-core), to the HTML standard
// (html-validate), to a narrow window, to the keyboard and to its own Content-Security-Policy.
// The program under test is $FUMAO. One line for each failed check; the last line counts.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { HtmlValidate, StaticConfigLoader } from "html-validate";
import { browse, serve } from "./serve.mjs";
import * as sweep from "./sweep.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// Not in any WCAG set of axe, or off there, but wanted here.
const axeOptions = {
    runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
    rules: {
        "empty-table-header": { enabled: true },
        "heading-order": { enabled: true },
        "target-size": { enabled: true },
    },
};
// Not a measure of speed: what takes longer hangs.
const limit = 840000;

let checks = 0;
let failed = 0;
function check(ok, name, detail = "") {
    checks++;
    if (!ok) {
        failed++;
        console.log(`FAILED ${name}${detail === "" ? "" : `: ${detail}`}`);
    }
    return ok;
}
function same(got, want, name) {
    return check(got === want, name, `wants ${JSON.stringify(want)}, got ${JSON.stringify(got)}`);
}

const answers = [
    { path: "/check/6513/1/SG/CN", outcome: "equal", sign: "○" },
    { path: "/check/7297/1/SG/CN-SH", outcome: "prohibited", sign: "✕" },
    { path: "/check/7231/1/SG/CN-SH-FTZ", outcome: "undetermined", sign: "？" },
    { path: "/check/7231/1/SG/CN-SH-FTZ?fact=place%3DCN", outcome: "conditional", sign: "△" },
    { path: "/check/6513/1/SG/CN?on=2015-06-01", outcome: "elsewhere", sign: "→" },
    { path: "/check/9411/1/SG/CN", outcome: "carved-out", sign: "？" },
];
const signs = {
    equal: "○",
    prohibited: "✕",
    undetermined: "？",
    elsewhere: "→",
    conditional: "△",
    "carved-out": "？",
};
const pages = [
    { path: "/" },
    { path: "/check" },
    ...answers,
    { path: "/lists" },
    { path: "/lists/cn-national-2024?section=J" },
    { path: "/lists/cn-national-2024/customs-declaration" },
    { path: "/diff" },
    { path: "/diff/cn-national-2024...cn-ftz-2024" },
    { path: "/diff/cn-national-2024...cn-ftz-2024?view=side" },
    { path: "/diff/cn-hainan-2021...cn-national-2024?view=inline" },
    { path: "/diff/cross-border@CN-SH@2025-01-01...cross-border@CN-HI@2025-01-01" },
    { path: "/diff/no-such-list...cn-ftz-2024", status: 404 },
    { path: "/changes" },
    { path: `/find?q=${encodeURIComponent("云")}` },
    { path: `/find?q=${encodeURIComponent("修理")}` },
    { path: "/status" },
    { path: "/api" },
    { path: "/map?from=SG" },
    { path: "/zones" },
    { path: "/ledger" },
    { path: "/stats" },
    { path: "/stats/month-item" },
    { path: "/no-such-page", status: 404 },
    { path: "/check/6513/1/SG/CN?on=2026-13-40", status: 400 },
];
// The steps of /check, and the answers to a wide code; light when narrow, dark when wide.
const steps = [
    { path: `/check?q=${encodeURIComponent("律师")}` },
    { path: "/check?q=zzzzqqqq" },
    { path: `/check?mode=1&q=${encodeURIComponent("修理")}` },
    { path: `/find?q=${encodeURIComponent("修理")}&among=8131,8132` },
    { path: "/find?q=law&among=99", status: 404 },
    { path: "/check?sector=7231" },
    { path: "/check?sector=7231&mode=3" },
    { path: "/check?sector=7231&mode=1&kind=firm" },
    { path: "/check?sector=7231&mode=1&kind=firm&from=SG" },
    { path: "/check?sector=7231&mode=1&kind=firm&from=SG&to=CN-SH-FTZ" },
    { path: "/check/65/1/SG/CN" },
    { path: "/map" },
    { path: "/map?from=SG&economies=all" },
    { path: "/map?from=XX&to=CN", status: 404 },
    { path: "/services" },
    { path: "/services/72" },
    { path: "/services/72?items=all" },
    { path: "/services/7231" },
    { path: "/zones/CN-HI" },
    { path: "/agreements" },
    { path: "/agreements/wto-gats-china" },
    { path: "/agreements/wto-gats-china?members=all" },
    { path: "/agreements/agreement-cn-au" },
    { path: "/follow/7231/1/SG/CN-SH-FTZ" },
    { path: "/stats/year-item-partner?partner=USA&flow=C" },
    { path: "/stats/year-zone?period=2025" },
    { path: "/stats/month-item?item=XX", status: 404 },
    { path: "/lists/wto-gats-china" },
    { path: "/lists/cn-national-2024" },
];
// Keeps an answer, as its form does; the page it leads to.
async function keep() {
    const r = await fetch(`${origin}/v`, {
        method: "POST",
        redirect: "manual",
        body: new URLSearchParams({ sector: "7231", mode: "1", from: "SG", to: "CN-SH-FTZ" }),
    });
    const path = r.headers.get("location") ?? "";
    check(r.status === 303 && path.startsWith("/v/"), "an answer is kept", `${r.status} ${path}`);
    return path;
}
const halved = (list, width) =>
    list.map((p) => ({ ...p, schemes: [width === 390 ? "light" : "dark"] }));
const inLang = (path, lang) => `${path}${path.includes("?") ? "&" : "?"}lang=${lang}`;

// A context in which every complaint of the browser is a failed check.
async function open(browser, name, options) {
    const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        ...options,
    });
    context.setDefaultTimeout(10000);
    const complaints = [];
    const page = await context.newPage();
    page.on("pageerror", (e) => complaints.push(`exception: ${e.message}`));
    page.on("console", (m) => {
        const text = m.text();
        // The browser notes in the console that a page asked for answered 404 or 400.
        const noted =
            text.startsWith("Failed to load resource") && page.url() === m.location().url;
        if (!noted && ["error", "warning"].includes(m.type())) complaints.push(`console: ${text}`);
    });
    page.on("requestfailed", (r) => {
        // Whoever goes on before all parts of a page have come, calls the rest off.
        // A page of jobs that is left while it asks for itself again calls that off, too.
        const part = /\/(icon|js)\b/.test(r.url()) || r.resourceType() === "fetch";
        const off = part && r.failure()?.errorText === "net::ERR_ABORTED";
        if (!off) complaints.push(`failed: ${r.url()} ${r.failure()?.errorText}`);
    });
    page.on("response", (r) => {
        if (r.status() >= 400 && !r.request().isNavigationRequest())
            complaints.push(`${r.status()}: ${r.url()}`);
    });
    page.on("request", (r) => {
        if (!r.url().startsWith(origin)) complaints.push(`leaves the site: ${r.url()}`);
    });
    await context.addInitScript(() => {
        addEventListener("securitypolicyviolation", (e) =>
            console.error(`Content-Security-Policy: ${e.violatedDirective} ${e.blockedURI}`),
        );
    });
    const close = async () => {
        await context.close();
        same(complaints.join("; "), "", `${name}: the browser complains of nothing`);
    };
    return { page, close };
}

async function violations(page) {
    await page.evaluate(`if (!window.axe) { ${axe} }`);
    const found = await page.evaluate(
        (o) => window.axe.run(document, { ...o, resultTypes: ["violations"] }),
        axeOptions,
    );
    return found.violations;
}
const said = (list) =>
    list
        .map(
            (v) =>
                `${v.id} (${v.nodes.length}): ${v.nodes[0].target.join(" ")} ${v.nodes[0].html.slice(0, 120)}`,
        )
        .join("; ");

// --- the walk ------------------------------------------------------------------------------

async function walk(browser, lang, js) {
    const name = `walk ${lang} js ${js ? "on" : "off"}`;
    // The language is the browser's own, as for a reader who comes for the first time.
    const { page, close } = await open(browser, name, {
        locale: lang === "zh" ? "zh-CN" : "en-US",
        javaScriptEnabled: js,
    });
    const asked = new Set();
    // Notes what this page asks; nothing may be asked that was answered.
    const step = async (want) => {
        const fields = await page
            .locator("main form")
            .locator("input:not([type=hidden]), select")
            .all();
        const names = new Set();
        for (const f of fields) names.add(await f.getAttribute("name"));
        check(names.has(want), `${name}: ${want} is asked`, [...names].join(" "));
        // The search box stays beside the classes it found.
        names.delete("q");
        for (const n of names) {
            check(!asked.has(n), `${name}: ${n} is asked once`);
            asked.add(n);
        }
        const heading = await page.locator("h1").count();
        same(heading, 1, `${name}: one h1 at ${want}`);
    };
    const next = (form) =>
        Promise.all([
            page.waitForEvent("domcontentloaded"),
            form.locator("button[type=submit]").click(),
        ]);

    await page.goto(`${origin}/check`);
    same(
        await page.locator("html").getAttribute("lang"),
        lang === "zh" ? "zh-CN" : "en",
        `${name}: lang`,
    );
    await step("q");
    await page.locator("#q").fill(lang === "zh" ? "律师" : "lawyer");
    await next(page.locator("main form[role=search]"));
    await step("sector");
    const pick = async (value) =>
        page
            .locator(
                `main label[for="${await page.locator(`main input[value="${value}"]`).getAttribute("id")}"]`,
            )
            .click();
    await pick("7231");
    await next(page.locator("main form").first());
    await step("mode");
    await pick("1");
    await next(page.locator("main form"));
    await step("kind");
    await pick("firm");
    await next(page.locator("main form"));
    await step("from");
    await page.locator("#from").selectOption("SG");
    await next(page.locator("main form"));
    await step("to");
    await page.locator("#to").selectOption("CN-SH-FTZ");
    await next(page.locator("main form"));
    await step("on");
    const review = await page.locator("table.review tbody").innerText();
    for (const w of lang === "zh"
        ? ["7231", "律师", "新加坡", "上海自由贸易试验区"]
        : ["7231", "awyer", "Singapore", "Shanghai"])
        check(review.includes(w), `${name}: the review says ${w}`, review);
    same(
        await page.locator("table.review tbody a").count(),
        5,
        `${name}: each answer can be changed`,
    );
    await next(page.locator("main form"));

    same(new URL(page.url()).pathname, "/check/7231/1/SG/CN-SH-FTZ", `${name}: the permalink`);
    const facts = new Set();
    const seen = [];
    for (;;) {
        const twin = new URL(page.url());
        twin.pathname += ".json";
        const j = await (await fetch(twin)).json();
        const verdict = page.locator("section.verdict");
        same(
            await verdict.locator(".sign").innerText(),
            signs[j.outcome],
            `${name}: the sign of ${j.outcome}`,
        );
        check(
            (await verdict.getAttribute("class")).split(" ").includes(j.outcome),
            `${name}: the colour of ${j.outcome}`,
        );
        seen.push(j.outcome + JSON.stringify(j.interval) + j.missing.length);
        const form = page.locator("main form[method=get]"); // not the one that keeps the answer
        const forms = await form.count();
        same(forms, j.next_question === null ? 0 : 1, `${name}: a question when one is open`);
        if (forms === 0 || facts.size === 6) {
            check(
                j.outcome !== "undetermined",
                `${name}: with every fact given the answer is determined`,
            );
            break;
        }
        const options = form.locator("input[type=radio][name=fact]");
        check((await options.count()) >= 2, `${name}: the question has its answers`);
        const value = await options.first().getAttribute("value");
        const fact = value.split("=")[0];
        check(!facts.has(fact), `${name}: fact ${fact} is asked once`);
        facts.add(fact);
        await pick(value);
        await next(form);
        const given = new URL(page.url()).searchParams.getAll("fact");
        same(given.at(-1), value, `${name}: the fact is in the address`);
        same(given.length, facts.size, `${name}: every fact is in the address`);
        same(
            await page.locator("main .asked + ul a").count(),
            facts.size,
            `${name}: each fact can be taken back`,
        );
    }
    check(facts.size > 0, `${name}: a question was open`);
    check(
        new Set(seen).size === seen.length,
        `${name}: each fact moves the answer`,
        seen.join(" "),
    );
    await close();
}

// --- every page, in every shape --------------------------------------------------------------

async function shapes(browser, lang, list, width) {
    const name = `${lang} ${width}`;
    const { page, close } = await open(browser, name, { viewport: { width, height: 844 } });
    for (const p of list) {
        const response = await page.goto(origin + inLang(p.path, lang));
        await ready(page);
        const at = `${p.path} ${name}`;
        same(response.status(), p.status ?? 200, `${at}: status`);
        same(
            await page.locator("html").getAttribute("lang"),
            lang === "zh" ? "zh-CN" : "en",
            `${at}: lang`,
        );
        if (p.outcome !== undefined) {
            same(await page.locator(".verdict .sign").innerText(), p.sign, `${at}: sign`);
            same(await page.locator(`.verdict.${p.outcome}`).count(), 1, `${at}: outcome`);
        }
        const text = await page.locator("main").innerText();
        check(
            !/\{t:|\bundefined\b|\(null\)|\bNULL\b|%[sd]|MSG_/.test(text),
            `${at}: no raw words`,
            text.match(/.{0,30}(\{t:|undefined|\(null\)|NULL|%[sd]|MSG_).{0,30}/)?.[0],
        );
        const scroll = await page.evaluate(
            () => document.scrollingElement.scrollWidth - innerWidth,
        );
        check(scroll <= 0, `${at}: no sideways scrolling`, `${scroll} px too wide`);
        const spilt = await page.evaluate(() =>
            [...document.querySelectorAll(".card, .verdict, .note, .choice, .grid a, nav, h1, pre")]
                .filter(
                    (e) =>
                        e.scrollWidth > e.clientWidth && getComputedStyle(e).display !== "inline",
                )
                .map((e) => e.textContent.trim().slice(0, 60)),
        );
        same(spilt.join("; "), "", `${at}: text stays in its box`);
        const { outside, small } = await sweep.pictures(page);
        same(outside.slice(0, 2).join(), "", `${at}: pictures are whole`);
        same(small.slice(0, 2).join(), "", `${at}: letters of pictures are of 12 px`);
        const twice = await page.evaluate(() =>
            [...document.forms].flatMap((f) => {
                const names = [...f.querySelectorAll("input:not([type=radio]), select")].map(
                    (e) => e.name,
                );
                return names.filter(
                    (n, i) => !["fact", "claim"].includes(n) && names.indexOf(n) !== i,
                );
            }),
        );
        same(twice.join(" "), "", `${at}: no field twice in a form`);
        for (const colorScheme of p.schemes ?? ["light", "dark"]) {
            await page.emulateMedia({ colorScheme });
            const found = await violations(page);
            check(found.length === 0, `${at} ${colorScheme}: axe`, said(found));
        }
    }
    await close();
}

// --- the keyboard ----------------------------------------------------------------------------

async function keyboard(browser, path, width) {
    const name = `keyboard ${path} ${width}`;
    const { page, close } = await open(browser, name, { viewport: { width, height: 844 } });
    await page.goto(origin + path);
    await ready(page);
    const count = await page.evaluate(() => {
        window.reached = new Set();
        window.bare = new Set();
        addEventListener("focusin", (e) => {
            window.reached.add(e.target);
            if (getComputedStyle(e.target).outlineStyle === "none") window.bare.add(e.target);
        });
        return document.querySelectorAll("a, button, input, select, [tabindex]").length;
    });
    // A field for a day is several stops.
    const days = await page.locator("input[type=date]").count();
    for (let i = 0; i < count + 2 + 4 * days; i++) await page.keyboard.press("Tab");
    const [missed, bare, reached] = await page.evaluate(() => {
        // Tab stops once in a group of radio buttons; the arrows go on from there.
        const group = (e) =>
            e.type === "radio" ? `${e.name} ${[...document.forms].indexOf(e.form)}` : null;
        const groups = new Set([...window.reached].map(group));
        const name = (e) => e.outerHTML.slice(0, 100);
        const all = [
            ...document.querySelectorAll(
                "a[href], button, input:not([type=hidden]), select, textarea",
            ),
        ];
        const missed = all.filter(
            (e) =>
                e.checkVisibility({ visibilityProperty: true }) &&
                !window.reached.has(e) &&
                !(group(e) && groups.has(group(e))),
        );
        return [missed.map(name), [...window.bare].map(name), window.reached.size];
    });
    check(reached > 5, `${name}: Tab moves`, `${reached} stops`);
    same(missed.join(" "), "", `${name}: Tab reaches all`);
    same(bare.join(" "), "", `${name}: the focus is seen`);
    await close();
}

// Skips to the text, and chooses and sends with the keys alone.
async function keysOnly(browser) {
    const { page, close } = await open(browser, "keys", {});
    await page.goto(`${origin}/check?sector=7231&lang=en`);
    await page.keyboard.press("Tab");
    const skip = await page.evaluate(() => {
        const r = document.activeElement.getBoundingClientRect();
        return document.activeElement.getAttribute("href") === "#main" && r.left >= 0 && r.top >= 0;
    });
    check(skip, "keys: the first stop skips to the text and shows");
    await page.keyboard.press("Enter");
    for (const key of ["Tab", "Space", "ArrowDown", "ArrowUp"]) await page.keyboard.press(key);
    same(
        await page.evaluate(() => document.querySelector("input[name=mode]:checked")?.value),
        "1",
        "keys: a radio button is chosen",
    );
    await Promise.all([page.waitForEvent("domcontentloaded"), page.keyboard.press("Enter")]);
    same(new URL(page.url()).searchParams.get("mode"), "1", "keys: the form is sent");
    await close();
}

// .htmlvalidate.json is the recommended set but for two rules. form-dup-name is off: an address
// repeats fact= and claim= once for each, so the form that adds one repeats the name; that no
// other name is repeated is checked here. long-title allows an instrument's official title.
// --- HTML and JSON ---------------------------------------------------------------------------

async function html() {
    const config = JSON.parse(readFileSync(new URL(".htmlvalidate.json", import.meta.url), "utf8"));
    const validator = new HtmlValidate(new StaticConfigLoader(config));
    for (const p of [...pages, ...steps]) {
        for (const lang of ["zh", "en"]) {
            const at = inLang(p.path, lang);
            const response = await fetch(origin + at);
            check(
                response.headers.get("content-type")?.startsWith("text/html") ?? false,
                `${at}: is HTML`,
            );
            const report = await validator.validateString(await response.text(), at);
            const faults = report.results
                .flatMap((r) => r.messages)
                .map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`);
            check(
                report.errorCount === 0,
                `${at}: html-validate (${report.errorCount})`,
                [...new Set(faults)].slice(0, 4).join("; "),
            );
        }
    }
    const bad = await validator.validateString('<p id="a"><div id="a"></div></p>', "seeded");
    check(bad.errorCount > 0, "seeded: html-validate sees bad HTML");
}

const isText = (x) => typeof x === "string";
const isList = (x) => Array.isArray(x);
const isDay = (x) => isText(x) && /^\d{4}-\d\d-\d\d$/.test(x);
const orNull = (f) => (x) => x === null || f(x);
const isObject = (x) => x !== null && typeof x === "object" && !isList(x);
const contract = {
    outcome: (x) => x in signs,
    treatment: orNull((x) => ["prohibited", "condition", "equal"].includes(x)),
    favoured_by: orNull(isText),
    prevailing: isList,
    flip: isList,
    overridden: isList,
    near: isList,
    obligations: isList,
    claims: isList,
    offers: isList,
    elsewhere: isList,
    carve_outs: isList,
    missing: isList,
    next_question: orNull((x) => isText(x) || isObject(x)),
    certainty: isText,
    evidence: (x) => ["A", "B", "C"].includes(x),
    coverage: orNull(isObject),
    snapshot: (x) => isText(x) && /^[0-9a-f]{64}$/.test(x),
    on: isDay,
    known: isDay,
};

async function json() {
    for (const a of answers) {
        const url = new URL(origin + a.path);
        url.pathname += ".json";
        const response = await fetch(url);
        const at = url.pathname + url.search;
        same(response.headers.get("content-type"), "application/json", `${at}: is JSON`);
        let j = null;
        try {
            j = JSON.parse(await response.text());
        } catch (e) {
            check(false, `${at}: parses`, e.message);
            continue;
        }
        for (const [key, fits] of Object.entries(contract))
            check(
                key in j && fits(j[key]),
                `${at}: ${key}`,
                JSON.stringify(j[key])?.slice(0, 80) ?? "is not there",
            );
        same(j.outcome, a.outcome, `${at}: outcome`);
        const page = await (await fetch(origin + inLang(a.path, "zh"))).text();
        check(
            page.includes(`.json`) && page.includes(j.snapshot),
            `${at}: its page names it and the snapshot`,
        );
    }
}

// The feed of /changes (RFC 4287): well formed, with what the standard asks of a feed and of an
// entry, the same ids in both languages, and addresses that answer.
async function atom(browser) {
    const { page, close } = await open(browser, "atom", {});
    await page.goto(`${origin}/status`);
    const ids = [];
    for (const lang of ["zh", "en"]) {
        const at = `/changes.atom?lang=${lang}`;
        const response = await fetch(origin + at);
        same(response.headers.get("content-type"), "application/atom+xml; charset=utf-8", at);
        const feed = await page.evaluate((text) => {
            const xml = new DOMParser().parseFromString(text, "application/xml");
            const all = (e, name) =>
                [...e.children].filter(
                    (c) => c.localName === name && c.namespaceURI === "http://www.w3.org/2005/Atom",
                );
            const read = (e) => ({
                id: all(e, "id").map((c) => c.textContent),
                title: all(e, "title").map((c) => c.textContent),
                updated: all(e, "updated").map((c) => c.textContent),
                links: all(e, "link").map((c) => [c.getAttribute("rel"), c.getAttribute("href")]),
            });
            const root = xml.documentElement;
            return {
                bad: xml.querySelector("parsererror")?.textContent ?? "",
                root: `${root.namespaceURI} ${root.localName}`,
                head: read(root),
                author: all(root, "author").length,
                entries: all(root, "entry").map(read),
            };
        }, await response.text());
        same(feed.bad, "", `${at}: well formed`);
        same(feed.root, "http://www.w3.org/2005/Atom feed", `${at}: a feed`);
        same(feed.author, 1, `${at}: an author`);
        check(feed.entries.length > 20, `${at}: entries`, String(feed.entries.length));
        for (const e of [feed.head, ...feed.entries]) {
            const name = `${at} ${e.id[0]}`;
            check(/^urn:uuid:[0-9a-f-]{36}$/.test(e.id[0]) && e.id.length === 1, `${name}: id`);
            check(e.title.length === 1 && e.title[0] !== "", `${name}: title`);
            check(
                e.updated.length === 1 && /^\d{4}-\d\d-\d\dT00:00:00\+08:00$/.test(e.updated[0]),
                `${name}: updated`,
                e.updated.join(),
            );
            check(e.links.some(([rel]) => rel === "alternate"), `${name}: a link`);
        }
        same(feed.head.links.filter(([rel]) => rel === "self").length, 1, `${at}: itself`);
        const said = feed.entries.map((e) => e.id[0]);
        same(new Set(said).size, said.length, `${at}: no id twice`);
        ids.push(said.join());
        const links = new Set(feed.entries.flatMap((e) => e.links.map(([, href]) => href)));
        for (const href of links)
            same((await fetch(origin + href)).status, 200, `${at}: ${href} answers`);
    }
    same(ids[1], ids[0], "the ids of the feed are those of its events");
    await close();
}

// A page that names an answer beside a link promises that answer at the link, and what the map
// counts is what its twin counts.
async function promises() {
    const text = async (path) => (await fetch(origin + path)).text();
    const plain = (html) => html.replaceAll("&amp;", "&");
    const outcome = async (href) => {
        const url = new URL(origin + plain(href));
        url.pathname += ".json";
        return JSON.parse(await text(url.pathname + url.search)).outcome;
    };
    let links = 0;
    const kept = async (href, promised, at) => {
        links++;
        same(await outcome(href), promised, `${at}: the answer at ${href}`);
    };
    for (const path of [
        "/check/6712/4/US/CN?kind=person",
        "/check/7297/1/SG/CN",
        "/check/6331/3/DE/CN-SH-FTZ",
    ]) {
        const html = await text(inLang(path, "en"));
        const section = html.slice(html.indexOf('id="routes"')).split("</section>")[0];
        for (const m of section.matchAll(/<li><a href="([^"]+)">.*?"word ([a-z-]+)"/gs))
            await kept(m[1], m[2], path);
    }
    const map = "/map?from=HK&to=CN-GD-FTZ&kind=person";
    const html = await text(inLang(map, "en"));
    const j = JSON.parse(await text(map.replace("/map", "/map.json")));
    for (const m of html.matchAll(/<section class="card regions">.*?<\/section>/gs)) {
        const promised = /"word ([a-z-]+)"/.exec(m[0])[1];
        for (const a of m[0].matchAll(/href="(\/check\/[^"]+)"/g)) await kept(a[1], promised, map);
    }
    const numbers = [...html.matchAll(/<td class="num">([0-9,]+)<\/td>/g)].map((m) =>
        Number(m[1].replaceAll(",", "")),
    );
    const o = j.outcomes;
    same(
        numbers.slice(-6).join(" "),
        [o.equal, o.conditional, o.prohibited, o.carved_out + o.undetermined, o.elsewhere, j.cells].join(
            " ",
        ),
        `${map}: the totals are those of the twin`,
    );
    const sums = numbers.slice(0, -6);
    for (let c = 0; c < 6; c++)
        same(
            sums.filter((_, i) => i % 6 === c).reduce((a, b) => a + b, 0),
            numbers.at(c - 6),
            `${map}: column ${c + 1} adds up`,
        );
    check(links > 20, "promises: there were links", `${links}`);
}

// --- scripts, the large view, print ----------------------------------------------------------

// The scripts are parts that come when they are wanted; then they have done their work.
const ready = (page) => page.waitForSelector("html[data-js=ready]");
// The text of the page, without what the scripts put there, and however it is laid out.
const words = (page) =>
    page.evaluate(() => {
        for (const e of document.querySelectorAll("main .js, main .suggest")) e.remove();
        return document.querySelector("main").innerText.replace(/\s+/g, "");
    });
const focused = (page) => page.evaluate(() => document.activeElement.id);

async function combobox(browser) {
    const { page, close } = await open(browser, "combobox", {});
    const state = () =>
        page.evaluate(() => {
            const q = document.getElementById("q");
            const list = document.getElementById(q.getAttribute("aria-controls"));
            const at = document.getElementById(q.getAttribute("aria-activedescendant"));
            return {
                role: `${q.getAttribute("role")} ${list.getAttribute("role")}`,
                open: q.getAttribute("aria-expanded") === "true" && list.checkVisibility(),
                shut: q.getAttribute("aria-expanded") === "false" && !list.checkVisibility(),
                chosen: at === null ? null : `${at.role} ${at.ariaSelected} ${at.dataset.code}`,
                codes: [...list.children].map((li) => li.dataset.code),
                said: document.querySelector("body > [role=status]").textContent,
                value: q.value,
                focus: document.activeElement === q,
            };
        });
    const type = async (path, text) => {
        await page.goto(`${origin}${path}?lang=en`);
        await ready(page);
        await page.locator("#q").fill(text);
        await page.waitForSelector("[role=option]");
        await page.waitForFunction(
            () => document.querySelector("body > [role=status]").textContent !== "",
        );
    };
    for (const path of ["/check", "/find", "/services", "/"]) {
        const at = `combobox ${path}`;
        await type(path, "legal");
        const first = await state();
        same(first.role, "combobox listbox", `${at}: roles`);
        check(first.open && first.focus && first.chosen === null, `${at}: opens, chooses nothing`);
        const found = await (await fetch(`${origin}/find.json?q=legal`)).json();
        same(
            first.codes.join(),
            found.classes
                .slice(0, 8)
                .map((c) => c.code)
                .join(),
            `${at}: shows what /find.json finds`,
        );
        check(first.said.includes(String(first.codes.length)), `${at}: the count is said`);
        same(said(await violations(page)), "", `${at}: axe while open`);
        for (const width of [390, 1280]) {
            await page.setViewportSize({ width, height: 800 });
            const free = await page.evaluate(() => {
                const button = document.querySelector("form[role=search] button");
                const r = button.getBoundingClientRect();
                return button.contains(
                    document.elementFromPoint(r.left + r.width / 2, r.bottom - 2),
                );
            });
            check(free, `${at}: the button beside it can be hit at ${width}`);
        }
        await page.keyboard.press("ArrowDown");
        same((await state()).chosen, `option true ${first.codes[0]}`, `${at}: arrow down`);
        await page.keyboard.press("ArrowUp");
        same((await state()).chosen, `option true ${first.codes.at(-1)}`, `${at}: arrow up`);
        await page.keyboard.press("Escape");
        const left = await state();
        check(left.shut && left.focus && left.value === "legal", `${at}: Escape only closes`);
        await page.keyboard.press("ArrowDown");
        await page.waitForFunction(() => !document.querySelector("[role=listbox]").hidden);
        for (const key of ["ArrowDown", "Enter"]) {
            if (key === "ArrowDown") await page.keyboard.press(key);
            else
                await Promise.all([
                    page.waitForEvent("domcontentloaded"),
                    page.keyboard.press(key),
                ]);
        }
        const url = new URL(page.url());
        const taken =
            url.pathname === "/check"
                ? url.searchParams.get("sector")
                : url.pathname.replace("/services/", "");
        same(taken, first.codes[0], `${at}: Enter takes the class`);
        same(url.searchParams.get("lang"), "en", `${at}: the language is kept`);
    }
    await type("/check", "legal");
    await Promise.all([page.waitForEvent("domcontentloaded"), page.keyboard.press("Enter")]);
    same(new URL(page.url()).searchParams.get("q"), "legal", "combobox: Enter alone searches");
    await close();
}

// The finder asks back, on /find and within /check: its links are the choices /find.json names, and
// each leads to the classes of its choice. Followed to the end it leaves one class.
async function narrowing(browser) {
    const { page, close } = await open(browser, "narrowing", { javaScriptEnabled: false });
    const nav = page.locator("nav[aria-labelledby=narrowing]");
    for (const path of ["/find?", "/check?mode=1&"]) {
        let query = `lang=en&q=${encodeURIComponent("修理")}`;
        let asked = 0;
        for (;;) {
            const at = `narrowing ${path}${query}`;
            const found = await (await fetch(`${origin}/find.json?${query}`)).json();
            await page.goto(`${origin}${path}${query}`);
            same(await nav.count(), found.ask === null ? 0 : 1, `${at}: asks as /find.json does`);
            if (found.ask === null) break;
            asked++;
            same(await nav.locator("h2").innerText(), found.ask.en, `${at}: the question`);
            const links = await nav.locator("a").all();
            same(links.length, found.ask.choices.length, `${at}: a link for each choice`);
            const before = query;
            for (const [i, link] of links.entries()) {
                const { codes } = found.ask.choices[i];
                const url = new URL(await link.getAttribute("href"), origin);
                if (path !== "/find?")
                    same(url.searchParams.get("mode"), "1", `${at}: keeps what was said`);
                const among = url.searchParams.get("among");
                const one = url.searchParams.get("sector") ?? url.pathname.split("/").at(-1);
                same(among ?? one, codes.join(), `${at}: choice ${i}`);
                if (among === null || query !== before) continue;
                query = url.search.slice(1);
                const left = await (await fetch(`${origin}/find.json?${query}`)).json();
                same(left.classes.map((c) => c.code).join(), codes.join(), `${at}: what is left`);
            }
            if (query === before) break;
        }
        check(asked > 0, `narrowing ${path}: something is asked`);
    }
    await close();
}

async function facets(browser) {
    const { page, close } = await open(browser, "facets", {});
    const plain = await open(browser, "facets no js", { javaScriptEnabled: false });
    const stay = () => page.evaluate(() => (window.stayed = true));
    const stayed = () => page.evaluate(() => window.stayed === true);
    const likePlain = async (at) => {
        await plain.page.goto(page.url());
        same(await page.title(), await plain.page.title(), `${at}: the title without JavaScript`);
        same(await words(page), await words(plain.page), `${at}: the text without JavaScript`);
        for (const a of ["hreflang", "rel=nofollow"])
            same(
                await page.locator(`header [${a}]`).getAttribute("href"),
                await plain.page.locator(`header [${a}]`).getAttribute("href"),
                `${at}: the link ${a} leads on from here`,
            );
    };
    await page.goto(`${origin}/map?from=SG&lang=en`);
    await ready(page);
    await stay();
    for (const [id, value] of [
        ["kind", "person"],
        ["to", "CN-SH-FTZ"],
    ]) {
        await page.locator(`#${id}`).focus();
        await page.locator(`#${id}`).selectOption(value);
        await page.waitForURL((u) => u.searchParams.get(id) === value);
        await page.waitForSelector("main:not([aria-busy])");
        check(await stayed(), `facets ${id}: the page stays`);
        same(await focused(page), id, `facets ${id}: the focus stays`);
    }
    same(said(await violations(page)), "", "facets: axe");
    await likePlain("facets map");

    await page.goto(`${origin}/diff/cn-national-2024...cn-ftz-2024?lang=en`);
    await ready(page);
    await stay();
    const link = page.locator("nav.filters a").nth(6);
    const name = await link.innerText();
    await link.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL((u) => u.searchParams.has("grade"));
    await page.waitForSelector("main:not([aria-busy])");
    check(await stayed(), "facets diff: the page stays");
    same(
        await page.evaluate(() => document.activeElement.innerText),
        name,
        "facets diff: the focus stays",
    );
    await likePlain("facets diff");
    await close();
    await plain.close();

    // What the fetch cannot get, the browser goes to in the ordinary way.
    const context = await browser.newContext();
    const lame = await context.newPage();
    await lame.route("**/map?*", (r) =>
        r.request().resourceType() === "fetch" ? r.abort() : r.continue(),
    );
    await lame.goto(`${origin}/map?from=SG`);
    await ready(lame);
    await lame.evaluate(() => (window.stayed = true));
    await lame.locator("#kind").selectOption("person");
    await lame.waitForURL((u) => u.searchParams.get("kind") === "person");
    check(
        await lame.evaluate(() => window.stayed === undefined),
        "facets: without the fetch the form is sent",
    );
    await context.close();
}

// Tips of pictures, folding, copying.
async function handy(browser) {
    const { page, close } = await open(browser, "handy", {
        permissions: ["clipboard-read", "clipboard-write"],
    });
    await page.goto(`${origin}/zones?lang=en`);
    await ready(page);
    const title = await page.locator("svg.tiles a title").first().textContent();
    await page.locator("svg.tiles a").first().focus();
    same(await page.locator(".tip").innerText(), title, "tips: the focus shows the title");
    same(said(await violations(page)), "", "tips: axe");
    const part = page.locator("svg.tiles [tabindex='0']");
    same(await part.count(), 1, "tips: one stop for the parts that are no links");
    await part.focus();
    const one = await page.locator(".tip").innerText();
    await page.keyboard.press("ArrowRight");
    const two = await page.locator(".tip").innerText();
    check(one !== "" && two !== "" && one !== two, "tips: the arrows go from part to part", two);
    await page.keyboard.press("Escape");
    check(!(await page.locator(".tip").isVisible()), "tips: Escape hides");
    same(
        await page.locator("svg.tiles a title").first().textContent(),
        title,
        "tips: the titles are still there",
    );

    await page.goto(`${origin}/map?from=SG&lang=en`);
    await ready(page);
    const folded = () =>
        page.evaluate(() => document.querySelectorAll("details:not([open])").length);
    const many = await folded();
    check(many >= 3, "fold: a page with many", String(many));
    await page.getByRole("button", { name: "Expand all" }).click();
    same(await folded(), 0, "fold: all are opened");
    await page.getByRole("button", { name: "Collapse all" }).click();
    same(await folded(), many, "fold: all are closed");

    await page.goto(`${origin}/check/6513/1/SG/CN?lang=en`);
    await ready(page);
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
    await page.locator("pre + button").first().click();
    await page.waitForFunction(() => document.body.innerText.includes("Copied"));
    same(await clipboard(), await page.locator("pre").first().innerText(), "copy: the command");
    await page.locator(".permalink + button").click();
    await page.waitForFunction(
        () => document.querySelector(".permalink + button").innerText === "Copied",
    );
    same(await clipboard(), page.url(), "copy: the permalink is this page");
    await close();
    const bare = await open(browser, "copy without a clipboard", {});
    await bare.page.addInitScript(() =>
        Object.defineProperty(navigator, "clipboard", { value: undefined }),
    );
    await bare.page.goto(`${origin}/check/6513/1/SG/CN`);
    await ready(bare.page);
    same(await bare.page.locator("pre + button").count(), 0, "copy: no button without a clipboard");
    await bare.close();
}

// What stands alone as something to hit, not a link within a sentence.
const targets =
    "header a, footer a, button, .btn, select, input:not([type=hidden], [type=radio]), summary, " +
    ".choice, nav a, .plain > li > a, td a, th a, .crumbs a";

async function large(browser) {
    const { page, close } = await open(browser, "large", { javaScriptEnabled: true });
    const at = `${origin}/map?from=SG&kind=person&lang=en`;
    await page.goto(at);
    await Promise.all([
        page.waitForEvent("domcontentloaded"),
        page.locator("header a[rel=nofollow]").click(),
    ]);
    same(page.url(), at, "large: the link comes back to the same page");
    for (const width of [390, 1280]) {
        await page.setViewportSize({ width, height: 844 });
        for (const p of [...pages, ...steps]) {
            if (width === 1280 && steps.includes(p)) continue;
            const name = `large ${width} ${p.path}`;
            await page.goto(origin + inLang(p.path, width === 390 ? "zh" : "en"));
            await ready(page);
            const [small, tight, missed, wide] = await page.evaluate((targets) => {
                const seen = (e) => e.checkVisibility({ visibilityProperty: true });
                const name = (e) => `${e.outerHTML.slice(0, 70)} in .${e.parentElement.className}`;
                const texts = [...document.querySelectorAll("body *")].filter(
                    (e) =>
                        seen(e) &&
                        !e.closest("svg, .hide, .skip, option, optgroup") &&
                        [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim() !== ""),
                );
                const size = (e) => parseFloat(getComputedStyle(e).fontSize);
                const line = (e) => parseFloat(getComputedStyle(e).lineHeight) / size(e);
                return [
                    texts.filter((e) => size(e) < 18).map(name),
                    texts.filter((e) => e.matches("p, li, dd, td") && line(e) < 1.5).map(name),
                    [...document.querySelectorAll(targets)]
                        .filter(
                            (e) =>
                                seen(e) &&
                                !e.closest("svg, .hide") &&
                                !e.matches(".inline") &&
                                Math.min(
                                    e.getBoundingClientRect().height,
                                    e.getBoundingClientRect().width,
                                ) < 59.5,
                        )
                        .map(name),
                    document.scrollingElement.scrollWidth - innerWidth,
                ];
            }, targets);
            same([...new Set(small)].slice(0, 3).join("; "), "", `${name}: text of 18 px`);
            same([...new Set(tight)].slice(0, 3).join("; "), "", `${name}: line height 1.5`);
            same([...new Set(missed)].slice(0, 3).join("; "), "", `${name}: targets of 60 px`);
            check(wide <= 0, `${name}: no sideways scrolling`, `${wide} px too wide`);
            if (width === 390) same(said(await violations(page)), "", `${name}: axe`);
            if (width === 1280) {
                const grown = await page.evaluate(() => {
                    document.documentElement.style.fontSize = "30px";
                    return [
                        parseFloat(getComputedStyle(document.body).fontSize),
                        document.scrollingElement.scrollWidth - innerWidth,
                    ];
                });
                check(grown[0] >= 30 && grown[1] <= 0, `${name}: grows to 30 px`, grown.join());
            }
        }
    }
    await page.goto(at);
    await Promise.all([
        page.waitForEvent("domcontentloaded"),
        page.locator("header a[rel=nofollow]").click(),
    ]);
    same(await page.locator("html.usual").count(), 1, "large: the link leads out of it");
    await close();

    const get = (path, headers = {}) => fetch(origin + path, { headers, redirect: "manual" });
    for (const path of ["/check", "/lists", "/status"]) {
        const tags = [];
        for (const cookie of ["", "a=b; view=large"]) {
            const r = await get(path, cookie === "" ? {} : { cookie });
            check(r.headers.get("vary")?.includes("Cookie"), `large ${path}: varies by cookie`);
            tags.push(r.headers.get("etag"));
        }
        check(tags[0] !== tags[1], `large ${path}: two ETags`, tags.join());
        const r = await get(path, { cookie: "view=large", "if-none-match": tags[0] });
        same(r.status, 200, `large ${path}: the usual page does not stand for it`);
    }
    for (const back of ["//example.org/", "/\\example.org", "https://example.org/", "x"]) {
        const r = await get(`/view?to=large&back=${encodeURIComponent(back)}`);
        same(r.status, 400, `large: back to ${back} is refused`);
        same(r.headers.get("set-cookie"), null, `large: back to ${back} sets nothing`);
    }
    const r = await get(`/view?to=large&back=${encodeURIComponent("/check?q=a%20b")}`);
    same(`${r.status} ${r.headers.get("location")}`, "303 /check?q=a%20b", "large: the way back");
    same(r.headers.get("cache-control"), "no-store", "large: the choice is not cached");
}

async function print(browser) {
    const { page, close } = await open(browser, "print", {});
    for (const p of [...answers, pages.find((p) => p.path.startsWith("/diff/"))])
        for (const lang of ["zh", "en"]) {
            const name = `print ${p.path} ${lang}`;
            await page.goto(origin + inLang(p.path, lang));
            await ready(page);
            const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
            const n = pdf.match(/\/Type\s*\/Page\b/g)?.length ?? 0;
            if (p.sign !== undefined) check(n > 0 && n <= 2, `${name}: two pages`, String(n));
            await page.emulateMedia({ media: "print" });
            const extra = await page.evaluate(() =>
                [...document.querySelectorAll("nav, form, button, .skip")]
                    .filter((e) => e.checkVisibility())
                    .map((e) => e.outerHTML.slice(0, 60)),
            );
            same(extra.filter((e) => !e.includes("skip")).join("; "), "", `${name}: only the text`);
            const head = page.locator(".paper");
            const hash = await page.locator(".foot code").textContent();
            check((await head.innerText()).includes(hash), `${name}: the edition`);
            check(
                /\d{4}[年-]\d{1,2}[月-]\d{1,2}/.test(await head.innerText()) &&
                    (await head.evaluate((e) => e.getBoundingClientRect().top)) < 100,
                `${name}: the date, on the first page`,
            );
            const addresses = await page.evaluate(() =>
                [...document.querySelectorAll("main a")]
                    .filter((a) => getComputedStyle(a, "::after").content !== "none")
                    .map((a) => a.className),
            );
            same(addresses.join(), "permalink", `${name}: the address of the permalink`);
            await page.emulateMedia({ media: null });
        }
    await close();
}

// Jobs go on while their page is looked at: nothing is loaded anew, and the focus stays. They are
// its own copies of the pages, in which the job moves as this wants; the others see it stand still.
async function moving(browser) {
    const { page, close } = await open(browser, "moving", {});
    const path = `/jobs/${server.job.id}`;
    let edit = (html) => html;
    let asked = 0;
    for (const one of ["/jobs", path])
        await page.route(`${origin}${one}?lang=en`, async (r) => {
            asked++;
            const response = await r.fetch();
            await r.fulfill({ response, body: edit(await response.text()) });
        });
    const status = () => page.locator("body > [role=status]").textContent();
    const go = async (one) => {
        edit = (html) => html;
        await page.goto(`${origin}${one}?lang=en`);
        await ready(page);
        await page.evaluate(() => (window.stayed = true));
    };
    for (const one of ["/jobs", path]) {
        const at = `moving ${one}`;
        const link = page.locator(one === path ? "main a" : `main a[href*="${path}"]`).first();
        await go(one);
        same(await page.locator("meta[http-equiv]").count(), 0, `${at}: no refresh of its own`);
        await link.focus();
        const before = await page.locator("main").innerText();
        check(before.includes("37 %"), `${at}: how far it is`, before);
        edit = (html) => html.replaceAll("37 %", "62 %").replaceAll("25 %", "50 %");
        await page.waitForFunction(() => document.body.innerText.includes("62 %"));
        same(await page.evaluate(() => window.stayed), true, `${at}: the page stays`);
        check(await link.evaluate((e) => e === document.activeElement), `${at}: so does the focus`);
        await page.waitForFunction(() => document.querySelector("body > [role=status]").innerText);
        same(await status(), "Import of declarations: 50 %", `${at}: a quarter is said`);
        same(said(await violations(page)), "", `${at}: axe`);

        // Paused by the reader, until told to go on.
        await page.getByRole("button", { name: "Pause updates" }).click();
        const held = asked;
        await page.waitForTimeout(4000);
        same(asked, held, `${at}: paused`);
        await page.getByRole("button", { name: "Resume updates" }).click();

        // Another one begins: the table grows.
        if (one === "/jobs") {
            await link.focus();
            const rows = await page.locator("tbody tr").count();
            edit = (html) => html.replace(/<tbody>\s*(<tr.*)/, (all, tr) => all + tr);
            await page.waitForFunction((n) => document.querySelectorAll("tbody tr").length > n, rows);
            check(
                await link.evaluate((e) => e === document.activeElement),
                `${at}: the focus is found again`,
            );
        }
        // It ends, and with it the asking.
        edit = (html) =>
            html.replaceAll("running", "finished").replace('data-poll="3"', 'data-poll="0"')
                .replaceAll("Import of declarations: 25 %", "Import of declarations: finished");
        await page.waitForSelector("#moving[data-poll='0']");
        await page.waitForFunction(() => !document.querySelector("main .js"));
        await page.waitForTimeout(100);
        same(await status(), "Import of declarations: finished", `${at}: the end is said`);
    }
    await close();

    // A server that is gone.
    const context = await browser.newContext();
    const lame = await context.newPage();
    await lame.goto(`${origin}${path}?lang=en`);
    await ready(lame);
    await lame.route(`**${path}*`, (r) => r.abort());
    await lame.getByRole("button", { name: "Resume updates" }).waitFor();
    await lame.waitForFunction(() =>
        document.querySelector("body > [role=status]").textContent.includes("could not"),
    );
    check((await lame.locator("main").innerText()).includes("37 %"), "moving: lost, it stays");
    await context.close();
}

// How much is loaded, from where, and that it changes nothing of what a page says.
async function scripts(browser) {
    const html = await (await fetch(`${origin}/check`)).text();
    const main = /<script type="module" src="([^"]+)"/.exec(html)[1];
    const names = [...(await (await fetch(origin + main)).text()).matchAll(/\["(\w+)",/g)];
    const urls = [main, ...names.map((m) => main.replace("main", m[1]))];
    let total = 0;
    same(urls.length, 7, "scripts: all parts");
    for (const url of urls) {
        const r = await fetch(origin + url);
        same(r.headers.get("content-type"), "text/javascript; charset=utf-8", `${url}: type`);
        same(
            r.headers.get("cache-control"),
            "public, max-age=31536000, immutable",
            `${url}: kept for good`,
        );
        total += gzipSync(await r.text(), { level: 9 }).length;
        const old = await fetch(origin + url.replace(/v=.*/, "v=0"));
        same(old.headers.get("cache-control"), "no-cache", `${url}: another version is not kept`);
    }
    check(total <= 15 * 1024, "scripts: 15 KB at most", String(total));
    const style = /<link rel="stylesheet" href="([^"]+)"/.exec(html)[1];
    const sheet = gzipSync(await (await fetch(origin + style)).text(), { level: 9 }).length;
    check(sheet <= 12 * 1024, "the style sheet: 12 KB at most", String(sheet));
    check(!/ style=| on\w+=|<style|<script(?! type="module" src)/.test(html), "nothing inline");

    const withJs = await open(browser, "scripts", {});
    const without = await open(browser, "scripts, none", { javaScriptEnabled: false });
    for (const p of [...pages, ...steps]) {
        for (const { page } of [withJs, without]) await page.goto(origin + inLang(p.path, "en"));
        await ready(withJs.page);
        same(
            await words(withJs.page),
            await words(without.page),
            `${p.path}: the same text with and without JavaScript`,
        );
    }
    await withJs.close();
    await without.close();
}

// --- the gate itself -------------------------------------------------------------------------

// Each fault is seeded in a page that passes; a gate that lets it pass is a failed check.
const faults = [
    [
        "a field without a label",
        "/check",
        "label",
        () => document.querySelector("label[for=q]").remove(),
    ],
    [
        "a page without a language",
        "/check",
        "html-has-lang",
        () => document.documentElement.removeAttribute("lang"),
    ],
    [
        "text too pale",
        "/check",
        "color-contrast",
        () => {
            document.querySelector("h1").style.color = "#d5d5d5";
        },
    ],
    [
        "an empty link",
        "/lists",
        "link-name",
        () => document.querySelector("tbody a").replaceChildren(),
    ],
    [
        "an empty column heading",
        "/lists",
        "empty-table-header",
        () => document.querySelector("thead th").replaceChildren(),
    ],
    [
        "headings out of order",
        "/lists",
        "heading-order",
        () => {
            const h = document.createElement("h5");
            h.textContent = "x";
            document.querySelector("h1").after(h);
        },
    ],
];

// The same for the other gauges: what they find in a page with this fault.
async function gauges(browser) {
    const config = JSON.parse(readFileSync(new URL(".htmlvalidate.json", import.meta.url), "utf8"));
    const validator = new HtmlValidate(new StaticConfigLoader(config));
    const text = async (path) => (await fetch(origin + path)).text();
    const rules = async (html) =>
        (await validator.validateString(html, "gate")).results.flatMap((r) =>
            r.messages.map((m) => m.ruleId),
        );
    const html = await text("/check?lang=en");
    for (const [what, rule, seed] of [
        ["an id twice", "no-dup-id", (h) => h.replace("</main>", '<p id="main">x</p></main>')],
        ["an inline style", "no-inline-style", (h) => h.replace("<h1", '<h1 style="color: red"')],
    ]) {
        same((await rules(html)).join(), "", `gate: clean before ${what}`);
        check((await rules(seed(html))).includes(rule), `gate: html-validate sees ${what}`);
    }
    const links = async (h) => (await sweep.dead(origin, "/check", h, new Map())).length;
    same(await links(html), 0, "gate: clean before a dead link");
    const two = '<a href="/no-such-page">x</a><a href="#none">y</a>';
    const lost = html.replace("</main>", `${two}</main>`);
    same(await links(lost), 2, "gate: the crawl sees dead links");

    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    await page.goto(`${origin}/zones?lang=en`);
    const before = await sweep.pictures(page);
    same(before.outside.length + before.small.length, 0, "gate: clean before faults of a picture");
    await page.evaluate(() => {
        const [one, two] = document.querySelectorAll("svg.tiles text");
        one.setAttribute("x", "-40");
        two.style.fontSize = "5px";
    });
    const after = await sweep.pictures(page);
    check(after.outside.length > 0, "gate: a point outside of its picture is seen");
    check(after.small.length > 0, "gate: letters too small are seen");
    const word = '"><script>alert(1)</script>';
    const found = await text(`/find?lang=en&q=${encodeURIComponent(word)}`);
    const look = (h) => sweep.created(page, [{ at: "gate", html: h }]);
    same((await look(found)).join(), "", "gate: clean before a word unescaped");
    const bare = found.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"');
    check(bare !== found && (await look(bare)).length > 0, "gate: a word unescaped is seen");

    // The policy itself: a style attribute in what the server sends is refused and complained of.
    const complaints = [];
    page.on("console", (m) => complaints.push(m.text()));
    await page.route("**/check*", async (r) => {
        const response = await r.fetch();
        const body = (await response.text()).replace("<h1", '<h1 style="color: red"');
        await r.fulfill({ response, body });
    });
    await page.goto(`${origin}/check?lang=en`);
    check(
        complaints.some((c) => c.includes("Content Security Policy")),
        "gate: the browser refuses an inline style",
    );
    await context.close();
}

async function gate(browser) {
    const { page, close } = await open(browser, "gate", {});
    for (const [what, path, rule, seed] of faults) {
        await page.goto(`${origin}${path}?lang=en`);
        same(said(await violations(page)), "", `gate: clean before ${what}`);
        await page.evaluate(seed);
        const found = await violations(page);
        check(
            found.some((v) => v.id === rule),
            `gate: axe sees ${what}`,
            `${rule} not among ${said(found)}`,
        );
    }
    await close();
}

// --- all of it -------------------------------------------------------------------------------

// The jobs are mutually independent; a few run side by side.
async function all(jobs, wide) {
    const queue = [...jobs];
    const lane = async () => {
        for (let job; (job = queue.shift()) !== undefined; ) {
            const began = performance.now();
            try {
                await job[1]();
            } catch (e) {
                check(
                    false,
                    `${job[0]}: runs to its end`,
                    String(e.message).split("\n").slice(0, 3).join(" "),
                );
            }
            if (process.env.TIMES)
                console.error(`${job[0]} ${Math.round(performance.now() - began)} ms`);
        }
    };
    await Promise.all(Array.from({ length: wide }, lane));
}

let origin = "";
const late = setTimeout(() => {
    check(false, `everything within ${limit} ms`);
    console.log(`browser: ${checks} checks, ${failed} failed`);
    process.exit(1);
}, limit);
let server = null;
let browser = null;
try {
    server = await serve();
    origin = server.origin;
    browser = await browse();
    pages.push({ path: "/jobs" }, { path: `/jobs/${server.job.id}` }, { path: await keep() });
    const everything = [...pages, ...steps];
    const t = { origin, check, same, open, inLang, pages: everything };
    t.note = (text) => process.env.TIMES && console.error(text);
    const jobs = [];
    for (const lang of ["zh", "en"])
        for (const width of [390, 1280])
            jobs.push([
                `shapes ${lang} ${width}`,
                () => shapes(browser, lang, [...pages, ...halved(steps, width)], width),
            ]);
    for (const [lang, scheme] of [
        ["zh", "light"],
        ["en", "dark"],
    ])
        jobs.push([
            `shapes ${lang} 768`,
            () => shapes(browser, lang, everything.map((p) => ({ ...p, schemes: [scheme] })), 768),
        ]);
    for (const lang of ["zh", "en"])
        for (const js of [true, false])
            jobs.push([`walk ${lang} ${js}`, () => walk(browser, lang, js)]);
    for (const width of [390, 1280])
        for (const path of [
            "/check",
            "/check?sector=7231&mode=1&kind=firm",
            "/check/7231/1/SG/CN-SH-FTZ",
            "/diff/cn-national-2024...cn-ftz-2024",
            "/lists/cn-ftz-2024?section=J",
            "/zones",
            "/ledger",
            "/jobs",
            pages.at(-1).path,
        ])
            jobs.push([`keyboard ${path}`, () => keyboard(browser, path, width)]);
    for (const path of [
        "/",
        "/lists",
        "/find?q=law",
        "/map?from=SG",
        "/services/72",
        "/zones/CN-HI",
        "/agreements",
        "/agreements/wto-gats-china",
        "/changes",
        "/api",
        "/diff",
        "/stats",
        "/stats/month-item",
        "/follow/7231/1/SG/CN-SH-FTZ",
        "/status",
    ])
        jobs.push([`keyboard ${path}`, () => keyboard(browser, path, 1280)]);
    jobs.push(
        ["keys", () => keysOnly(browser)],
        ["combobox", () => combobox(browser)],
        ["facets", () => facets(browser)],
        ["narrowing", () => narrowing(browser)],
        ["handy", () => handy(browser)],
        ["moving", () => moving(browser)],
        ["large", () => large(browser)],
        ["print", () => print(browser)],
        ["scripts", () => scripts(browser)],
        ["gate", () => gate(browser)],
        ["gauges", () => gauges(browser)],
        ["crawl", () => sweep.crawl(t)],
        ["strangers", () => sweep.strangers(t, browser)],
        ["echoes", () => sweep.echoes(t, browser)],
        ["twins", () => sweep.twins(t)],
        ["sizes", () => sweep.sizes(t)],
        ["bare", () => sweep.bare(t, browser)],
        ["html", html],
        ["json", json],
        ["promises", promises],
        ["atom", () => atom(browser)],
    );
    await all(jobs, 4);
} catch (e) {
    check(false, "the program and the browser start", e.message);
} finally {
    await browser?.close();
    if (server !== null) {
        check(server.alive(), "the program outlives the test", server.log().slice(-300));
        same(await server.stop(), 0, "the program ends well on SIGTERM");
    }
}
clearTimeout(late);
console.log(`browser: ${checks} checks, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
