// Pictures of the portal: DIR/NAME.png for each shape below (script/screens).
import { join } from "node:path";
import { browse, serve } from "./serve.mjs";

const answer = "/check/7231/1/SG/CN-SH-FTZ?fact=place%3DCN";
const wide = { viewport: { width: 1280, height: 800 } };
const narrow = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5 };
const shots = {
    "home-zh": ["/", "zh", "light", wide],
    "home-en-dark": ["/", "en", "dark", wide],
    "home-zh-390": ["/", "zh", "light", narrow],
    "check-zh": ["/check?sector=7231&mode=1&kind=firm", "zh", "light", wide],
    "answer-zh": [answer, "zh", "light", wide],
    "answer-en": [answer, "en", "light", wide],
    "answer-en-390": [answer, "en", "light", narrow],
    "kept-en": ["kept", "en", "light", wide],
    "kept-zh-390": ["kept", "zh", "dark", narrow],
    "ledger-en": ["/ledger", "en", "light", wide],
    "follow-zh-390": ["/follow/7231/1/SG/CN-SH-FTZ", "zh", "light", narrow],
    "lists-zh": ["/lists", "zh", "light", wide],
    "list-en": ["/lists/cn-national-2024?section=J#heat", "en", "light", wide],
    "list-zh-390": ["/lists/cn-national-2024", "zh", "light", narrow],
    "measure-zh": ["/lists/cn-national-2024/customs-declaration", "zh", "light", wide],
    "diff-en": ["/diff/cn-national-2024...cn-hainan-2021", "en", "light", wide],
    "diff-zh-390": ["/diff/cn-national-2024...cn-ftz-2024?view=inline", "zh", "light", narrow],
    "changes-zh": ["/changes", "zh", "light", wide],
    "map-en": ["/map?from=SG&to=CN-SH-FTZ", "en", "light", wide],
    "map-zh-390": ["/map?from=SG&to=CN-SH-FTZ", "zh", "light", narrow],
    "services-en": ["/services/72", "en", "light", wide],
    "zones-zh": ["/zones", "zh", "light", wide],
    "zone-en-dark": ["/zones/CN-HI", "en", "dark", wide],
    "zones-en-390": ["/zones", "en", "light", narrow],
    "agreement-en": ["/agreements/wto-gats-china", "en", "light", wide],
    "agreements-zh": ["/agreements", "zh", "light", wide],
    "stats-zh": ["/stats/month-item", "zh", "light", wide],
    "api-en": ["/api", "en", "light", wide],
    "check-start-en-390": ["/check", "en", "dark", narrow],
    "check-review-zh": [
        "/check?sector=7231&mode=1&kind=firm&from=SG&to=CN-SH-FTZ", "zh", "light", wide,
    ],
    "answer-group-en": ["/check/65/1/SG/CN", "en", "light", wide],
    "answer-prohibited-zh-390": ["/check/7297/1/SG/CN-SH", "zh", "dark", narrow],
    "diff-choose-zh": ["/diff", "zh", "light", wide],
    "diff-en-dark": ["/diff/cn-national-2024...cn-ftz-2024?view=side", "en", "dark", wide],
    "map-form-zh": ["/map", "zh", "light", wide],
    "services-zh": ["/services", "zh", "light", wide],
    "service-en": ["/services/7231", "en", "light", wide],
    "stats-shelf-en": ["/stats", "en", "light", wide],
    "stats-zone-en-390": ["/stats/year-zone?period=2025", "en", "light", narrow],
    "jobs-zh": ["/jobs", "zh", "light", wide],
    "job-en-390": ["job", "en", "dark", narrow],
    "status-en": ["/status", "en", "light", wide],
    "error-zh": ["/no-such-page", "zh", "light", wide],
    "answer-bare-zh": [answer, "zh", "light", { ...wide, javaScriptEnabled: false }],
    "home-large-zh": ["/view?to=large&back=/", "zh", "light", wide],
    "find-zh": [`/find?q=${encodeURIComponent("云")}`, "zh", "light", wide],
};

// What the table calls by name.
async function named(path) {
    if (path === "job") return `/jobs/${server.job.id}`;
    if (path !== "kept") return path;
    const response = await fetch(`${server.origin}/v`, {
        method: "POST",
        redirect: "manual",
        body: new URLSearchParams({ sector: "7231", mode: "1", from: "SG", to: "CN-SH-FTZ" }),
    });
    return response.headers.get("location");
}

const server = await serve();
const browser = await browse();
try {
    for (const [name, [path, lang, colorScheme, shape]] of Object.entries(shots)) {
        const page = await browser.newPage({
            ...shape,
            colorScheme,
            locale: lang === "zh" ? "zh-CN" : "en-US",
        });
        const [at, part] = (await named(path)).split("#");
        const response = await page.goto(server.origin + at);
        const wanted = name.startsWith("error") ? 404 : 200;
        if (response.status() !== wanted) throw new Error(`${at}: ${response.status()}`);
        const y = part ? (await page.locator(`#${part}`).boundingBox()).y - 24 : 0;
        if (shape.javaScriptEnabled !== false) await page.waitForSelector("html[data-js=ready]");
        await page.screenshot({
            path: join(process.argv[2], `${name}.png`),
            fullPage: true,
            clip: { x: 0, y, ...shape.viewport },
        });
        await page.close();
    }
} finally {
    await browser.close();
    await server.stop();
}
