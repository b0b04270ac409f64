// The Vercel AI SDK and LangChain, which many programs use in place of a provider's own client.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { HumanMessage, SystemMessage } from '@langchain/core/messages';
import { tool as langchain_tool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { embedMany, generateObject, generateText, jsonSchema, streamText, tool } from 'ai';
import { z } from 'zod';
import { start } from './harness.mjs';

let server;
let provider;
let langchain;

before(async () => {
  server = await start();
  const { key } = await server.tenant();
  const baseURL = `${server.url}/v1`;
  provider = createOpenAICompatible({
    name: 'mains', baseURL, apiKey: key, includeUsage: true, supportsStructuredOutputs: true,
  });
  const configuration = { baseURL };
  langchain = {
    chat: (more) => new ChatOpenAI(
      { model: 'null', apiKey: key, configuration, maxRetries: 0, maxTokens: 30, ...more }),
    embeddings: new OpenAIEmbeddings(
      { model: 'null', apiKey: key, configuration, maxRetries: 0 }),
  };
});
after(() => server?.clear());

const quiet = { maxRetries: 0 };

test('ai: text, whole and streamed', async () => {
  const model = provider('null');
  const whole = await generateText({ ...quiet, model, prompt: 'hello', maxOutputTokens: 30 });
  assert.equal(whole.text.length, 30);
  assert.equal(whole.usage.outputTokens, 30);
  assert.equal(whole.finishReason, 'length');
  const stream = streamText({ ...quiet, model, prompt: 'hello', maxOutputTokens: 30 });
  let text = '';
  for await (const part of stream.textStream) text += part;
  assert.equal(text.length, 30);
  assert.equal((await stream.usage).outputTokens, 30);
});

test('ai: a tool is called', async () => {
  const weather = tool({
    description: 'the weather',
    inputSchema: jsonSchema({
      type: 'object', properties: { city: { type: 'string' } }, required: ['city'],
    }),
    execute: async ({ city }) => `sunny in ${city}`,
  });
  const { toolCalls, toolResults } = await generateText({
    ...quiet, model: provider('null'), prompt: 'hi', tools: { weather }, toolChoice: 'required',
  });
  assert.equal(toolCalls[0].toolName, 'weather');
  assert.match(toolResults[0].output, /^sunny in /);
});

test('ai: an object by its schema', async () => {
  const schema = z.object({ name: z.string(), age: z.number().int() });
  const { object } = await generateObject(
    { ...quiet, model: provider('null'), schema, prompt: 'a person' });
  assert.deepEqual(schema.parse(object), object);
});

test('ai: embeddings', async () => {
  const { embeddings } = await embedMany(
    { ...quiet, model: provider.textEmbeddingModel('null'), values: ['a', 'b'] });
  assert.equal(embeddings.length, 2);
  assert.equal(embeddings[0].length, 64);
});

test('ai: an error keeps its status', async () => {
  const lost = generateText({ ...quiet, model: provider('nope'), prompt: 'hello' });
  await assert.rejects(lost, (error) => error.statusCode === 404);
});

test('langchain: an answer, whole and streamed', async () => {
  const conversation = [new SystemMessage('be brief'), new HumanMessage('hello')];
  const whole = await langchain.chat().invoke(conversation);
  assert.equal(whole.content.length, 30);
  assert.equal(whole.usage_metadata.output_tokens, 30);
  let text = '';
  let usage;
  for await (const chunk of await langchain.chat({ streamUsage: true }).stream(conversation)) {
    text += chunk.content;
    usage = chunk.usage_metadata ?? usage;
  }
  assert.equal(text.length, 30);
  assert.equal(usage.output_tokens, 30);
});

test('langchain: a bound tool', async () => {
  const weather = langchain_tool(async ({ city }) => `sunny in ${city}`, {
    name: 'weather', description: 'the weather', schema: z.object({ city: z.string() }),
  });
  const bound = langchain.chat({ maxTokens: 400 })
    .bindTools([weather], { tool_choice: 'required' });
  const { tool_calls: [call] } = await bound.invoke('how is it in Rome?');
  assert.equal(call.name, 'weather');
  assert.match((await weather.invoke(call)).content, /^sunny in /);
});

test('langchain: structured output', async () => {
  const schema = z.object({ name: z.string(), age: z.number().int() });
  const chain = langchain.chat({ maxTokens: 400 })
    .withStructuredOutput(schema, { name: 'person', method: 'jsonSchema' });
  schema.parse(await chain.invoke('a person'));
});

test('langchain: embeddings', async () => {
  const vectors = await langchain.embeddings.embedDocuments(['a', 'b']);
  assert.equal(vectors.length, 2);
  assert.equal(vectors[0].length, 64);
});
