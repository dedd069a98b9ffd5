// What programs in JavaScript do with the unmodified client. Prints one JSON object; judges nothing.
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.env.BASE_URL, apiKey: process.env.API_KEY, maxRetries: 0 });
const question = JSON.parse(process.env.QUESTION);

async function whole() {
  const reply = await client.chat.completions.create({ ...question, logprobs: true, top_logprobs: 2, n: 2 });
  return {
    texts: reply.choices.map((choice) => choice.message.content),
    indexes: reply.choices.map((choice) => choice.index),
    tokens: reply.choices[0].logprobs.content.length,
    tops: reply.choices[0].logprobs.content[0].top_logprobs.length,
    usage: reply.usage,
    receipts: reply.abc.receipt_ids,
    requestId: reply._request_id,
  };
}

async function streamed() {
  const stream = await client.chat.completions.create({
    ...question, stream: true, stream_options: { include_usage: true },
  });
  const told = { text: "", events: [], usages: 0 };
  for await (const chunk of stream) {
    told.text += chunk.choices[0]?.delta?.content ?? "";
    if (chunk.abc?.event) told.events.push(chunk.abc.event);
    if (chunk.abc?.receipt_id) told.receipt = chunk.abc.receipt_id;
    if (chunk.usage) { told.usage = chunk.usage; told.usages += 1; }
  }
  return told;
}

async function helped() {
  // The client's own accumulator of chunks.
  const runner = client.chat.completions.stream({ ...question, n: 2 });
  const finished = await runner.finalChatCompletion();
  return finished.choices.map((choice) => [choice.index, choice.message.content, choice.finish_reason]);
}

async function completed() {
  const reply = await client.completions.create({
    model: question.model, prompt: ["A closure in Python keeps", "The soprano sings"], max_tokens: 3,
  });
  return reply.choices.map((choice) => [choice.index, typeof choice.text]);
}

async function limits() {
  const { response } = await client.models.list().withResponse();
  return {
    limit: response.headers.get("x-ratelimit-limit-requests"),
    remaining: response.headers.get("x-ratelimit-remaining-requests"),
    reset: response.headers.get("x-ratelimit-reset-requests"),
  };
}

async function refusal(change, other = client) {
  try {
    await other.chat.completions.create({ ...question, ...change });
    return null;
  } catch (error) {
    return { kind: error.constructor.name, status: error.status, code: error.code, param: error.param };
  }
}

async function models() {
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  return names;
}

console.log(JSON.stringify({
  models: await models(),
  whole: await whole(),
  streamed: await streamed(),
  helped: await helped(),
  completed: await completed(),
  limits: await limits(),
  refusals: {
    model: await refusal({ model: "gpt-9" }),
    field: await refusal({ temperature: 0.01 }),
    tools: await refusal({ tools: [{ type: "function", function: { name: "look" } }] }),
    policy: await refusal({ abc: { require: ["opera-guide"] } }),
    stream: await refusal({ abc: { require: ["opera-guide"] }, stream: true }),
    key: await refusal({}, new OpenAI({ baseURL: process.env.BASE_URL, apiKey: "dvm_x_y", maxRetries: 0 })),
    money: await refusal({ abc: { purpose: "research" } }, new OpenAI({
      baseURL: process.env.BASE_URL, apiKey: process.env.POOR_KEY, maxRetries: 0,
    })),
  },
}));
