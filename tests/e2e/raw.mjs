// Bytes on a socket, for what no client would send.
import net from 'node:net';

/**
 * Sends `bytes` and resolves with all that came until the end of the connection, or until `enough`
 * matches it: {text, ended}.
 */
export function raw(url, bytes, { enough, limit_ms = 10_000 } = {}) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let text = '';
    const socket = net.connect({ host: hostname, port, allowHalfOpen: true });
    const done = (ended) => { clearTimeout(timer); socket.destroy(); resolve({ text, ended }); };
    const timer = setTimeout(() => done(false), limit_ms);
    socket.on('error', () => done(true));
    socket.on('end', () => done(true));
    socket.on('data', (piece) => {
      text += piece;
      if (enough?.test(text)) done(false);
    });
    socket.write(bytes);
  });
}

/** `count` connections that say nothing; close() ends them. */
export function silent(url, count) {
  const { hostname, port } = new URL(url);
  const sockets = Array.from({ length: count }, () => net.connect({ host: hostname, port })
    .on('error', () => {}));
  return { close: () => sockets.forEach((socket) => socket.destroy()) };
}
