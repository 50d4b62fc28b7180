/**
 * A server that is not there: REST and WebSocket with invented data, for looking at screens (`npm run mock`).
 * Never part of a build. Any password; `marina@`, `otavio@`, `dora@exemplo.test` choose the person; "falha" fails a send,
 * "recusa" refuses one. `POST /mock/say` lets a customer write, `POST /mock/drop` cuts all sockets.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import { type WebSocket, WebSocketServer } from "ws";
import type { AgentView } from "../../src/api/types";
import { rest } from "./rest.ts";
import { seeded } from "./seed.ts";
import { serve } from "./socket.ts";

const CHATTER_MS = 6_000;

export function mockServer(): Plugin {
  return {
    name: "mock-server",
    configureServer(server) {
      const store = seeded();
      const tickets = new Map<string, AgentView>();
      const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => "balcao.v1" });
      const open = new Set<WebSocket>();
      const refused = { until: 0 };

      server.middlewares.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
        const url = request.url ?? "";
        if (url.startsWith("/mock/drop")) {
          refused.until = Date.now() + 4_000;
          for (const ws of open) ws.terminate();
          response.end("ok");
        } else if (url.startsWith("/mock/") || url.startsWith("/api/")) {
          if (Date.now() < refused.until) response.writeHead(503).end();
          else void rest(store, tickets, request, response);
        } else next();
      });
      server.httpServer?.on("upgrade", (request, socket, head) => {
        if (!request.url?.startsWith("/api/v1/ws")) return;
        const ticket = /ticket\.([\w-]+)/.exec(request.headers["sec-websocket-protocol"] ?? "")?.[1] ?? "";
        const agent = tickets.get(ticket);
        tickets.delete(ticket);
        if (!agent) {
          socket.end("HTTP/1.1 401 Unauthorized\r\n\r\n");
          return;
        }
        sockets.handleUpgrade(request, socket, head, (ws) => {
          open.add(ws);
          ws.on("close", () => open.delete(ws));
          serve(store, agent, ws);
        });
      });
      if (process.env.MOCK_CHATTER) {
        setInterval(() => {
          const cases = [...store.cases.values()].filter((one) => one.view.status === "open");
          const one = cases[Math.floor(Math.random() * cases.length)];
          if (one) {
            store.append(
              one,
              "in",
              { kind: "contact", id: one.view.contact.id },
              { kind: "text", text: "Alguma novidade?" },
            );
          }
        }, CHATTER_MS);
      }
    },
  };
}
