// DuckDB on what bench_statistics --keep DIR left: node bench/duckdb.mjs DIR [BENCH_STATISTICS]
// Same file, same question: sum, records, contributors and the two largest of them by month, flow,
// code, country and place, in US cents by the same rates, company groups as one. Prints seconds
// from CSV and from DuckDB's own table, on two threads, and holds totals, number of cells and a
// sum over all top figures against ours. For development only: `npm install` in bench/peers.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import path from 'node:path';

const here = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(path.join(here, 'peers', 'package.json'));
let duckdb;
try {
  duckdb = await import(pathToFileURL(require.resolve('@duckdb/node-api')));
} catch (e) {
  console.log(`@duckdb/node-api: not installed, not measured (${e.code ?? e.message})`);
  process.exit(0);
}
const { DuckDBInstance } = duckdb.default ?? duckdb;

const [dir, bench] = process.argv.slice(2);
if (!dir) {
  console.error('usage: node bench/duckdb.mjs DIR [BENCH_STATISTICS]');
  process.exit(2);
}
const data = path.join(here, '..', 'data', 'statistics');
const quoted = (file) => `'${file.replaceAll("'", "''")}'`;
const csv = `read_csv(${quoted(path.join(dir, 'rows.csv'))}, all_varchar = true, header = true)`;

const rows = (from) => `
  SELECT r.month, CASE WHEN advance = 'R' THEN translate(flow, 'CD', 'DC') ELSE flow END AS flow,
         code, country, place, coalesce(g.head, party_id) AS who,
         (CASE WHEN advance = 'R' THEN -1 ELSE 1 END) * (q + CAST(2 * rest > unit OR
           (2 * rest = unit AND q % 2 = 1) AS BIGINT)) AS cents
  FROM (SELECT *, CAST((amount::HUGEINT * usd_e10) // unit AS BIGINT) AS q,
               CAST((amount::HUGEINT * usd_e10) % unit AS BIGINT) AS rest
        FROM (SELECT *, left(date, 6) AS month, coalesce(zone, left(region, 2)) AS place
              FROM ${from}) JOIN rate USING (month, currency)) r
  LEFT JOIN grouped g USING (party_id)
  WHERE code LIKE '2%'`;

const cells = (from) => `
  CREATE OR REPLACE TABLE cell AS
  SELECT month, flow, code, country, place, sum(c) AS sum, sum(n) AS n, count(*) AS contributors,
         max(abs(c), 2) AS top
  FROM (SELECT month, flow, code, country, place, who, sum(cents)::BIGINT AS c, count(*) AS n
        FROM (${rows(from)}) GROUP BY ALL)
  GROUP BY ALL`;

// Without rates and groups: what DuckDB does best.
const plain = (from) => `
  CREATE OR REPLACE TABLE cell AS
  SELECT month, flow, code, country, place, sum(c) AS sum, sum(n) AS n, count(*) AS contributors,
         max(c, 2) AS top
  FROM (SELECT left(date, 6) AS month, flow, code, country,
               coalesce(zone, left(region, 2)) AS place, party_id AS who,
               sum(amount::BIGINT)::BIGINT AS c, count(*) AS n
        FROM ${from} WHERE code LIKE '2%' GROUP BY ALL) GROUP BY ALL`;

const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
const db = await instance.connect();
const ask = async (sql) => (await db.runAndReadAll(sql)).getRows();
await db.run(`CREATE TABLE rate AS
  SELECT replace(period, '-', '') AS month, currency, usd_e10::BIGINT AS usd_e10,
         CAST(pow(10, 8 + coalesce(decimals::INT, 2)) AS BIGINT) AS unit
  FROM read_csv(${quoted(path.join(dir, 'rates.csv'))}, all_varchar = true, header = true) AS r
  LEFT JOIN read_csv(${quoted(path.join(data, 'exponents.csv'))}, all_varchar = true,
                     header = true) AS x
  USING (currency)`);
await db.run(`CREATE TABLE grouped AS SELECT party_id, "group" AS head
  FROM read_csv(${quoted(path.join(dir, 'register.csv'))}, all_varchar = true, header = true)
  WHERE "group" IS NOT NULL`);

async function timed(what, sql) {
  const from = process.hrtime.bigint();
  await db.run(sql);
  const s = Number(process.hrtime.bigint() - from) / 1e9;
  console.log(`  ${what}: ${s.toFixed(2)} s`);
  return s;
}

const [[version]] = await ask('SELECT version()');
console.log(`DuckDB ${version}, 2 threads`);
await timed('from CSV, plain', plain(csv));
await timed('from CSV, with rates and groups', cells(csv));
const [theirs] = await ask(`SELECT count(*), sum(n), sum(CASE WHEN flow = 'C' THEN sum ELSE 0 END),
  sum(CASE WHEN flow = 'D' THEN sum ELSE 0 END) FROM cell`);
await timed('loading its own table', `CREATE TABLE own AS SELECT * FROM ${csv}`);
await timed('from its own table, plain', plain('own'));
await timed('from its own table, with rates and groups', cells('own'));
await db.run(`CREATE TABLE coded AS SELECT
  party_id, date, flow::ENUM('C', 'D') AS flow, code::INTEGER AS code, country,
  coalesce(zone, left(region, 2)) AS place, currency, amount::BIGINT AS amount FROM own`);
await timed('from a table of numbers, plain', `CREATE OR REPLACE TABLE cell AS
  SELECT month, flow, code, country, place, sum(c) AS sum, sum(n) AS n, count(*) AS contributors,
         max(c, 2) AS top
  FROM (SELECT left(date, 6) AS month, flow, code, country, place, party_id AS who,
               sum(amount)::BIGINT AS c, count(*) AS n FROM coded GROUP BY ALL) GROUP BY ALL`);
console.log(`  cells ${theirs[0]}, records ${theirs[1]}, credit ${theirs[2]}, debit ${theirs[3]} ` +
  'cents');
const [, peak] = readFileSync('/proc/self/status', 'utf8').match(/VmHWM:\s+(\d+)/);
console.log(`  peak ${Math.round(peak / 1024)} MB`);

if (bench) {
  const out = execFileSync(bench, ['--again', dir, '2'], { encoding: 'utf8' });
  console.log(`ours, ${out.trimEnd()}`);
  const m = out.match(/(\d+) in (\d+) cells.*credit (-?\d+) debit (-?\d+) cents/);
  const same = [m[2], m[1], m[3], m[4]].every((v, i) => v === String(theirs[i]));
  console.log(same ? 'same cells, records and totals' : 'FAIL: cells, records or totals differ');
  process.exit(same ? 0 : 1);
}
