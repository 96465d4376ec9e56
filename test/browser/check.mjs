// The portal in a browser: it is walked as a reader would walk it, with scripts and without,
// and every kind of page is held to WCAG 2.2 AA (axe-core), to the HTML standard
// (html-validate), to a narrow window, to the keyboard and to its own Content-Security-Policy.
// The program under test is $FUMAO. One line for each failed check; the last line counts.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { HtmlValidate, StaticConfigLoader } from "html-validate";
import { browse, serve } from "./serve.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// Not in any WCAG set of axe, or off there, but wanted here.
const axeOptions = {
    runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
    rules: { "empty-table-header": { enabled: true }, "target-size": { enabled: true } },
};
// Not a measure of speed: what takes longer hangs.
const limit = 240000;

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
    { path: "/lists/cn-national-2024" },
    { path: "/lists/cn-national-2024/customs-declaration" },
    { path: `/find?q=${encodeURIComponent("云")}` },
    { path: "/status" },
    { path: "/map?from=SG" },
    { path: "/zones" },
    { path: "/no-such-page", status: 404 },
    { path: "/check/6513/1/SG/CN?on=2026-13-40", status: 400 },
];
// The steps of /check, and the answers to a wide code; light when narrow, dark when wide.
const steps = [
    { path: `/check?q=${encodeURIComponent("律师")}` },
    { path: "/check?q=zzzzqqqq" },
    { path: "/check?sector=7231" },
    { path: "/check?sector=7231&mode=3" },
    { path: "/check?sector=7231&mode=1&kind=firm" },
    { path: "/check?sector=7231&mode=1&kind=firm&from=SG" },
    { path: "/check?sector=7231&mode=1&kind=firm&from=SG&to=CN-SH-FTZ" },
    { path: "/check/65/1/SG/CN" },
    { path: "/map" },
    { path: "/map?from=XX&to=CN", status: 404 },
    { path: "/services" },
    { path: "/services/72" },
    { path: "/services/7231" },
    { path: "/zones/CN-HI" },
    { path: "/agreements" },
    { path: "/agreements/wto-gats-china" },
    { path: "/agreements/agreement-cn-au" },
];
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
    page.on("requestfailed", (r) =>
        complaints.push(`failed: ${r.url()} ${r.failure()?.errorText}`),
    );
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
        const form = page.locator("main form");
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
    const count = await page.evaluate(() => {
        window.reached = new Set();
        window.bare = new Set();
        addEventListener("focusin", (e) => {
            window.reached.add(e.target);
            if (getComputedStyle(e.target).outlineStyle === "none") window.bare.add(e.target);
        });
        return document.querySelectorAll("a, button, input, select, [tabindex]").length;
    });
    for (let i = 0; i < count + 2; i++) await page.keyboard.press("Tab");
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
];

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
    const jobs = [];
    for (const lang of ["zh", "en"])
        for (const width of [390, 1280])
            jobs.push([
                `shapes ${lang} ${width}`,
                () => shapes(browser, lang, [...pages, ...halved(steps, width)], width),
            ]);
    for (const lang of ["zh", "en"])
        for (const js of [true, false])
            jobs.push([`walk ${lang} ${js}`, () => walk(browser, lang, js)]);
    for (const width of [390, 1280])
        for (const path of [
            "/check",
            "/check?sector=7231&mode=1&kind=firm",
            "/check/7231/1/SG/CN-SH-FTZ",
        ])
            jobs.push([`keyboard ${path}`, () => keyboard(browser, path, width)]);
    jobs.push(
        ["keys", () => keysOnly(browser)],
        ["gate", () => gate(browser)],
        ["html", html],
        ["json", json],
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
