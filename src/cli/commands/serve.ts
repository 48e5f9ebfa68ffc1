// SPDX-License-Identifier: MIT
import { once } from "node:events";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { collect, prose, withJson, type Outcome, type Register, type Session } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { printText } from "../output/print.ts";
import { formatServerEvent, type LogFormat } from "../output/server-log.ts";

const DEFAULT_DIRECTORY = "out/registry";
const DEFAULT_PORT = 5000;

interface ServeFlags {
  readonly json?: true;
  readonly host: string;
  readonly port: string;
  readonly allowHost?: readonly string[];
  readonly sparse?: true;
  readonly log: string;
}

export const serveCommand: Register = (program, invoke) => {
  withJson(program.command("serve [DIR]"))
    .summary("the embedded registry over an OCI layout")
    .description(
      prose(`
        Serves an OCI layout directory (default ${DEFAULT_DIRECTORY}, made when it is not there) as a registry:
        push, pull, tags. Anyone who reaches the address may read and write, so it listens on this
        machine only unless --host says otherwise; web pages of elsewhere are refused. Runs until it is
        interrupted; safe to kill.

        Repositories are apart: what was pushed or mounted to one is read and deleted by its name alone,
        and bytes are stored once. What is in the layout already belongs to the repositories that its tags
        name; bare tags, and images without one, to the repository called like the directory. Manifests
        without a tag stay for 30 days; then oci-kit prune oci:DIR may take them.

        Each request that failed is a line on stderr, but for content that HEAD did not find. One client
        (an address) can hold only a part of the connections and uploads.

        HEAD, a mount, and what a pushed manifest names are answered from names and sizes: content that
        was damaged on the disk and kept its size counts as there until it is read. oci-kit verify
        oci:DIR reads all of it; oci-kit copy --verify-present SRC oci:DIR sends again what is damaged.`),
    )
    .option("--port <N>", "the port; 0 takes a free one", String(DEFAULT_PORT))
    .option("--host <ADDRESS>", "the address to listen on", "127.0.0.1")
    .option(
      "--allow-host <NAME>",
      "a further name that clients call it by, as host.docker.internal; may be given again",
      collect,
    )
    .option("--sparse", "accept manifests and indexes of which not all content was pushed")
    .option("--log <FORMAT>", "what failed, on stderr: text or json, one line each", "text")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit serve &
  oci-kit serve out/linux-runtime/riscv64 --port 5001
  oci-kit serve --host 0.0.0.0 --allow-host registry.internal --log json
  oci-kit serve --port 0 --json | head -n 5        # says which port it took`,
    )
    .action(async (directory: string | undefined, flags: ServeFlags) =>
      invoke(flags, (session) => serve(directory ?? DEFAULT_DIRECTORY, flags, session)),
    );
};

async function serve(
  directory: string,
  flags: ServeFlags,
  { context: { signal, stderr, limits } }: Session,
): Promise<Outcome> {
  const log = parseLog(flags.log);
  const port = Number(flags.port);
  if (!/^\d{1,5}$/.test(flags.port) || port > 65_535) {
    throw new OciError("invalid-argument", `--port: expected 0 to 65535, got ${flags.port}`);
  }
  const { serveRegistry } = await import("../../server/serve.ts");
  const server = await serveRegistry({
    directory,
    host: flags.host,
    port,
    allowedHosts: flags.allowHost,
    sparse: flags.sparse,
    limits,
    onEvent: (event) => printText(stderr, formatServerEvent(event, log, new Date())),
  }).catch((error: unknown) => {
    throw cannotListen(error, flags);
  });
  const host = server.url.replace(/^http:\/\//, "");
  return {
    status: DONE,
    document: { url: server.url, host, port: server.port, directory },
    lines: [`serving ${directory} on ${server.url} (stop it with Ctrl-C)`],
    async afterwards() {
      if (!signal.aborted) await once(signal, "abort");
      await server.close();
    },
  };
}

/** @throws OciError `invalid-argument` */
function parseLog(text: string): LogFormat {
  if (text === "text" || text === "json") return text;
  throw new OciError("invalid-argument", `--log: expected text or json, got ${quote(text)}`);
}

function cannotListen(error: unknown, { host, port }: ServeFlags): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof OciError || (syscall !== "listen" && syscall !== "getaddrinfo"))
    return error;
  const why = code === "EADDRINUSE" ? "something else listens there" : String(code);
  return new OciError("invalid-argument", `${host}:${port}: can't listen there: ${why}`, {
    hint: "Stop the other, or take another port: --port 0 takes a free one.",
    cause: error,
  });
}
