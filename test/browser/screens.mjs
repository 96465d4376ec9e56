// Pictures of the portal: DIR/NAME.png for each shape below (script/screens).
import { join } from "node:path";
import { browse, serve } from "./serve.mjs";

const answer = "/check/7231/1/SG/CN-SH-FTZ?fact=place%3DCN";
const wide = { viewport: { width: 1280, height: 800 } };
const narrow = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };
const shots = {
    "home-zh": ["/", "zh", "light", wide],
    "home-en": ["/", "en", "light", wide],
    "home-zh-390": ["/", "zh", "light", narrow],
    "home-en-dark": ["/", "en", "dark", wide],
    "answer-zh": [answer, "zh", "light", wide],
    "answer-en": [answer, "en", "light", wide],
    "answer-zh-dark": [answer, "zh", "dark", wide],
    "answer-en-390": [answer, "en", "light", narrow],
};

const server = await serve();
const browser = await browse();
try {
    for (const [name, [path, lang, colorScheme, shape]] of Object.entries(shots)) {
        const page = await browser.newPage({
            ...shape,
            colorScheme,
            locale: lang === "zh" ? "zh-CN" : "en-US",
        });
        const response = await page.goto(server.origin + path);
        if (response.status() !== 200) throw new Error(`${path}: ${response.status()}`);
        await page.screenshot({ path: join(process.argv[2], `${name}.png`) });
        await page.close();
    }
} finally {
    await browser.close();
    await server.stop();
}
