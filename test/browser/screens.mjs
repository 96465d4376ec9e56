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
    "api-en": ["/api", "en", "light", wide],
    "find-zh": [`/find?q=${encodeURIComponent("云")}`, "zh", "light", wide],
};

const server = await serve();
const browser = await browse();
try {
    const kept = await fetch(`${server.origin}/v`, {
        method: "POST",
        redirect: "manual",
        body: new URLSearchParams({ sector: "7231", mode: "1", from: "SG", to: "CN-SH-FTZ" }),
    });
    for (const [name, [path, lang, colorScheme, shape]] of Object.entries(shots)) {
        const page = await browser.newPage({
            ...shape,
            colorScheme,
            locale: lang === "zh" ? "zh-CN" : "en-US",
        });
        const [at, part] = (path === "kept" ? kept.headers.get("location") : path).split("#");
        const response = await page.goto(server.origin + at);
        if (response.status() !== 200) throw new Error(`${at}: ${response.status()}`);
        const y = part ? (await page.locator(`#${part}`).boundingBox()).y - 24 : 0;
        await page.waitForSelector("html[data-js=ready]");
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
