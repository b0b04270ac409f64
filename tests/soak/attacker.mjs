// One hostile tenant in a process of its own: asks on four connections, one request after the other, until its
// standard input ends. Then it prints how often it got which status, as one line of JSON.
//
//   node tests/soak/attacker.mjs KIND URL KEY
//
// KIND  schemas, conversations, bodies or metrics
import os from 'node:os';

const [kind, url, key] = process.argv.slice(2);
// A real attacker's processor is elsewhere. Here it shares the server's cores, and at the same
// niceness the light tenant's waiting would be that of the kernel's queue. What the server does for
// the attacker is not nice, and is measured.
os.setPriority(10);

const user = (content) => [{ role: 'user', content }];
const properties = Object.fromEntries(
  Array.from({ length: 1000 }, (_, i) => [`p${i}`, { type: 'string', pattern: `^a{${i},900}$` }]));
const alternatives = Array.from({ length: 4000 }, (_, i) => `v${i}`);
const with_schema = (schema) => ['/v1/chat/completions', { model: 'tiny', max_tokens: 4,
  messages: user('x'), response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } }];
const long = (count) => ({ model: 'tiny', max_tokens: 4,
  messages: Array.from({ length: count }, (_, i) => (
    { role: i % 2 ? 'assistant' : 'user', content: 'a' })) });
const kinds = {
  schemas: [with_schema({ type: 'object', properties }), with_schema({ enum: alternatives })],
  // The second is as long as what still fits: it is rendered and counted.
  conversations: [['/v1/messages/count_tokens', long(12_000)],
    ['/v1/messages/count_tokens', long(1200)]],
  bodies: [['/v1/completions', { model: 'tiny', max_tokens: 4, prompt: 'word '.repeat(3_200_000) }]],
  metrics: [['/metrics']],
};
// Written once: the making of a body must not slow the attack.
const asked = kinds[kind].map(([route, body]) => [url + route, body
  ? { method: 'POST', body: JSON.stringify(body),
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' } }
  : { headers: { authorization: `Bearer ${key}` } }]);

let busy = true;
process.stdin.on('end', () => { busy = false; }).resume();
const seen = {};
await Promise.all(Array.from({ length: 4 }, async (_, lane) => {
  for (let i = lane; busy; ++i) {
    const [where, options] = asked[i % asked.length];
    const status = await fetch(where, options)
      .then(async (answer) => { await answer.arrayBuffer(); return answer.status; }, () => 0);
    seen[status] = (seen[status] ?? 0) + 1;
    // What costs the server nothing is not the attack: a flood of it would only keep this machine's
    // network busy.
    if (kind === 'metrics' || status === 429 || status === 0) await new Promise((wake) => setTimeout(wake, 20));
  }
}));
console.log(JSON.stringify(seen));
