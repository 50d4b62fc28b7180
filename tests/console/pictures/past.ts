/**
 * Moves what just happened into the past, in the throw-away database of the pictures only: queues without waiting
 * times show nothing of what a queue is like.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Between two items of one conversation. */
const STEP_SECONDS = 35;

export async function moveBack(databaseUrl: string, conversationId: string, minutes: number): Promise<void> {
  const then = `now() - make_interval(mins => ${Math.trunc(minutes)})`;
  const statements = [
    `update message m set meta_at = ${then} - make_interval(secs => ${STEP_SECONDS} * (c.last_seq - m.seq)::int)
       from conversation c where c.id = m.conversation_id and c.id = :'id'`,
    `update conversation set waiting_since = case when waiting_since is not null then ${then} end,
       opened_at = ${then} - make_interval(secs => ${STEP_SECONDS} * last_seq::int) where id = :'id'`,
  ];
  const commands = statements.map((statement) => `${statement};\n`).join("");
  const child = run("psql", [databaseUrl, "-q", "-X", "-v", "ON_ERROR_STOP=1", "-v", `id=${conversationId}`]);
  child.child.stdin?.end(commands);
  await child;
}
