// A streamed request on a connection of its own, which can be left at any moment.
import http from 'node:http';

/**
 * Posts and calls `each(event, leave)` for every server-sent event; `leave()` cuts the connection.
 * Resolves, whatever the end was, with {status, receipt, events, complete}: complete is true where
 * the last event was the protocol's end; status is undefined where no answer began.
 */
export function open_stream(server, route, { key, body, patience_ms = 60_000 }, each = () => {}) {
  return new Promise((resolve) => {
    const result = { events: 0, complete: false };
    const request = http.request(server.url + route, {
      method: 'POST', agent: false, timeout: patience_ms,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    });
    const leave = () => { result.left = true; request.destroy(); };
    const over = () => resolve(result);
    request.on('timeout', leave);
    request.on('error', over);
    request.on('close', over);
    request.on('response', (answer) => {
      result.status = answer.statusCode;
      result.receipt = answer.headers['x-receipt-id'];
      answer.setEncoding('utf8');
      let rest = '';
      answer.on('data', (text) => {
        const blocks = (rest + text).split('\n\n');
        rest = blocks.pop();
        for (const block of blocks) {
          const data = block.split('\n').find((line) => line.startsWith('data: '))?.slice(6);
          if (data === undefined || result.left) continue;
          ++result.events;
          if (data === '[DONE]') result.complete = true;
          else each(JSON.parse(data), leave);
        }
      });
      answer.on('error', over);
      answer.on('close', over);
    });
    request.end(JSON.stringify(body));
    if (patience_ms === 0) setImmediate(leave);
  });
}
