/** What cannot be waited for in a test: a day passes for one conversation of the throw-away installation. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The customer's last words were more than 24 hours ago. */
export async function closeWindow(databaseUrl: string, conversationId: string): Promise<void> {
  const statement = `update contact_channel w set window_until = now() - interval '1 minute'
    from conversation c where c.id = :'id' and w.contact_id = c.contact_id and w.channel_id = c.channel_id;`;
  const child = run("psql", [databaseUrl, "-q", "-X", "-v", "ON_ERROR_STOP=1", "-v", `id=${conversationId}`]);
  child.child.stdin?.end(statement);
  await child;
}
