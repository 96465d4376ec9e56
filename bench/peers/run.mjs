// The peers of bench_decide: node run.mjs FILE..., files made by bench_decide --export FILE N.
// Same provisions, same questions; every peer must return the same matched provisions. A peer that
// is not installed is named and left out. For development only: nothing here is shipped.
import { readFileSync } from 'node:fs';

const DIMENSIONS = ['sectors', 'combos', 'origins', 'places'];
const FIELDS = { sectors: 'sector', combos: 'combo', origins: 'origin', places: 'place' };

async function peer(name) {
  try {
    return await import(name);
  } catch (e) {
    console.log(`  ${name}: not installed, not measured (${e.code ?? e.message})`);
    return null;
  }
}

function ranges(list) {
  const out = [];
  for (const v of list) {
    const last = out.at(-1);
    if (last && last[1] === v - 1) last[1] = v;
    else out.push([v, v]);
  }
  return out;
}

function zenTable(world) {
  const inputs = [...DIMENSIONS.map((d) => FIELDS[d]), 'on', 'known']
    .map((field) => ({ id: field, name: field, field }));
  const days = (from, to) => `[${from}..${to - 1}]`;
  const rules = world.provisions.map((p, i) => ({
    _id: `r${i}`,
    ...Object.fromEntries(DIMENSIONS.map((d) => [
      FIELDS[d], ranges(p[d]).map(([a, b]) => (a === b ? `${a}` : `[${a}..${b}]`)).join(', ')])),
    on: days(p.validFrom, p.validTo),
    known: days(p.knownFrom, p.knownTo),
    provision: `${i}`,
  }));
  return {
    nodes: [
      { id: 'in', name: 'in', type: 'inputNode', position: { x: 0, y: 0 } },
      { id: 'table', name: 'table', type: 'decisionTableNode', position: { x: 1, y: 0 },
        content: { hitPolicy: 'collect', inputs, rules,
          outputs: [{ id: 'provision', name: 'provision', field: 'provision' }] } },
      { id: 'out', name: 'out', type: 'outputNode', position: { x: 2, y: 0 } },
    ],
    edges: [{ id: 'a', sourceId: 'in', targetId: 'table', type: 'edge' },
      { id: 'b', sourceId: 'table', targetId: 'out', type: 'edge' }],
  };
}

async function zen(world) {
  const m = await peer('@gorules/zen-engine');
  if (!m) return null;
  const decision = new m.ZenEngine().createDecision(Buffer.from(JSON.stringify(zenTable(world))));
  return async ({ matches, ...context }) => {
    const { result } = await decision.evaluate(context);
    return (Array.isArray(result) ? result : []).map((r) => r.provision);
  };
}

function cedarPolicy(p) {
  const one = (d) => ranges(p[d]).map(([a, b]) => (a === b ? `context.${FIELDS[d]} == ${a}`
    : `(context.${FIELDS[d]} >= ${a} && context.${FIELDS[d]} <= ${b})`));
  const within = (d) => {
    const tests = one(d);
    return tests.length <= 8 ? `(${tests.join(' || ')})`
      : `[${p[d].join(',')}].contains(context.${FIELDS[d]})`;
  };
  const days = `context.on >= ${p.validFrom} && context.on < ${p.validTo} && `
    + `context.known >= ${p.knownFrom} && context.known < ${p.knownTo}`;
  return `forbid(principal, action, resource) when { ${DIMENSIONS.map(within).join(' && ')} `
    + `&& ${days} };`;
}

async function cedar(world) {
  let m = await peer('@cedar-policy/cedar-wasm/nodejs');
  if (!m) return null;
  m = m.default ?? m;
  const staticPolicies = Object.fromEntries(world.provisions.map((p, i) => [`p${i}`,
    cedarPolicy(p)]));
  const parsed = m.preparsePolicySet('all', { staticPolicies });
  if (parsed.type !== 'success') throw new Error(JSON.stringify(parsed).slice(0, 300));
  return async ({ matches, ...context }) => {
    const answer = m.statefulIsAuthorized({
      principal: { type: 'Asker', id: 'a' }, action: { type: 'Action', id: 'supply' },
      resource: { type: 'Supply', id: 's' }, context, preparsedPolicySetId: 'all',
      validateRequest: false, entities: [] });
    if (answer.type !== 'success') throw new Error(JSON.stringify(answer).slice(0, 300));
    return answer.response.diagnostics.reason.map((id) => Number(id.slice(1)));
  };
}

async function measure(name, ask, world) {
  let wrong = 0;
  const checked = world.questions.slice(0, 200);
  for (const q of checked) {
    const got = (await ask(q)).sort((a, b) => a - b);
    if (JSON.stringify(got) !== JSON.stringify(q.matches)) wrong += 1;
  }
  let done = 0;
  const from = performance.now();
  const cpu = process.cpuUsage();
  while (performance.now() - from < 3000) {
    await ask(world.questions[done % world.questions.length]);
    done += 1;
  }
  // The smaller of wall and CPU time: what other programs took from the core does not count.
  const used = process.cpuUsage(cpu);
  const seconds = Math.min((performance.now() - from) / 1000, (used.user + used.system) / 1e6);
  const perSecond = done / seconds;
  console.log(`  ${name.padEnd(30)} ${perSecond.toFixed(0).padStart(8)} /s   decide is `
    + `${(world.decisionsPerSecond / perSecond).toFixed(0)} x, with JSON in and out `
    + `${(world.jsonPerSecond / perSecond).toFixed(0)} x   `
    + `${wrong} wrong of ${checked.length} checked`);
  return wrong;
}

let wrong = 0;
for (const file of process.argv.slice(2)) {
  const world = JSON.parse(readFileSync(file, 'utf8'));
  console.log(`${world.provisions.length} provisions; bench_decide just before: `
    + `${world.decisionsPerSecond} /s, with JSON text in and out ${world.jsonPerSecond} /s`);
  for (const [name, make] of [['ZEN engine (native, napi)', zen], ['Cedar (wasm)', cedar]]) {
    const ask = await make(world);
    if (ask) wrong += await measure(name, ask, world);
  }
}
console.log('To be fair: the peers are general languages and ours knows its one schema; they are\n'
  + 'called from Node across a JSON or napi boundary, as their users call them, and ours is a C\n'
  + 'call, so the figure with JSON text in and out stands beside it. One could slice policies by\n'
  + 'sector before Cedar or ZEN; that is not done here. They return matches, ours the verdict too.');
process.exit(wrong === 0 ? 0 : 1);
