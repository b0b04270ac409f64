// Every way to have something charged: each route that runs a model, streamed and not.
import assert from 'node:assert/strict';

const words = 'Once upon a time there was a house';
const chat = (text) => ({ messages: [{ role: 'user', content: text }] });
const openai = (usage) => ({
  input: usage.prompt_tokens, output: usage.completion_tokens ?? 0,
  cost: usage.cost, cost_nano: usage.cost_nano,
});

const kinds = [
  { name: 'chat', path: '/v1/chat/completions', body: chat, asks: true, usage: openai },
  { name: 'completions', path: '/v1/completions', body: (prompt) => ({ prompt }), asks: true,
    usage: openai },
  { name: 'messages', path: '/v1/messages', body: chat, asks: false, usage: (usage) => ({
    input: usage.input_tokens, output: usage.output_tokens,
    cost: usage.cost, cost_nano: usage.cost_nano }) },
];

/**
 * Each: {name, path, stream, decodes, optional, body(text)}. `decodes` is false where there is no
 * output; `optional` is true where max_tokens may be left out.
 */
export const routes = [
  ...kinds.flatMap((kind) => [false, true].map((stream) => ({
    ...kind, stream, decodes: true, optional: kind.asks,
    name: stream ? `${kind.name}, streamed` : kind.name,
  }))),
  { name: 'embeddings', path: '/v1/embeddings', stream: false, decodes: false, optional: false,
    body: (input) => ({ input }), usage: openai },
];

/** The request's body; `max_tokens` null leaves it out. */
export function body_of(route, { text = words, model = 'null', max_tokens = 10, ...more } = {}) {
  return {
    model, ...route.body(text),
    ...(route.decodes && max_tokens !== null && { max_tokens }),
    ...(route.stream && { stream: true }),
    ...(route.stream && route.asks && { stream_options: { include_usage: true } }), ...more,
  };
}

function read_events(text) {
  const events = text.split('\n\n').map((block) => block.split('\n')
    .find((line) => line.startsWith('data: '))?.slice(6)).filter((data) => data !== undefined);
  const json = events.filter((data) => data !== '[DONE]').map((data) => JSON.parse(data));
  // Anthropic tells usage in two places; the last word on each number counts.
  const usage = Object.assign({}, ...json.map((event) => event.message?.usage ?? {}),
    ...json.map((event) => event.usage ?? {}));
  const error = json.find((event) => event.error)?.error;
  return { usage: Object.keys(usage).length > 0 ? usage : null, error, events: json };
}

/** {status, headers, receipt, usage, error}, read to its end. usage: {input, output, cost}. */
export async function ask(server, key, route, options = {}, headers = {}) {
  const answer = await server.call(route.path,
    { key, headers, body: body_of(route, options), signal: options.signal });
  const streamed = answer.headers.get('content-type')?.startsWith('text/event-stream');
  const { usage, error } = streamed ? read_events(answer.text)
    : { usage: answer.json?.usage, error: answer.json?.error };
  return {
    status: answer.status, headers: answer.headers, receipt: answer.headers.get('x-receipt-id'),
    usage: answer.status === 200 && usage ? route.usage(usage) : null, error, text: answer.text,
  };
}

/** Runs `check(route)` for all of them at once; a failure names its route. */
export async function on_each_route(check, which = routes) {
  await Promise.all(which.map(async (route) => {
    try {
      await check(route);
    } catch (error) {
      error.message = `${route.name}: ${error.message}`;
      throw error;
    }
  }));
}

/** How often each status came. */
export const statuses = (answers) => answers.reduce(
  (counts, { status }) => ({ ...counts, [status]: (counts[status] ?? 0) + 1 }), {});

/** Nano-units as the decimal text that the API takes. */
export const text_of = (value) =>
  `${value / 1_000_000_000n}.${String(value % 1_000_000_000n).padStart(9, '0')}`;

export function assert_served(answer) {
  assert.equal(answer.status, 200, answer.text);
  assert.ok(answer.receipt && answer.usage && !answer.error, answer.text);
}
