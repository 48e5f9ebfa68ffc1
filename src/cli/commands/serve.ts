// SPDX-License-Identifier: MIT
import { parseDirectory } from "../input/directory-argument.ts";
import { oneOf } from "../input/values/one-of.ts";
import { once } from "node:events";
import { OciError } from "../../oci/errors.ts";
import type { AccessOptions } from "../../server/access/access-control.ts";
import type { TlsFiles } from "../../server/listen/tls-files.ts";
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
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly htpasswd?: string;
  readonly access?: string;
  readonly tokens?: string;
  readonly allowAnonymous?: true;
  readonly allowPlainHttp?: true;
  readonly readOnly?: true;
  readonly sparse?: true;
  readonly log: string;
}

export const serveCommand: Register = (program, invoke) => {
  withJson(program.command("serve [DIR]"))
    .summary("the embedded registry over an OCI layout")
    .description(
      prose(`
        Serves an OCI layout directory (default ${DEFAULT_DIRECTORY}, made when it is not there) as a registry:
        push, pull, tags. Runs until it is interrupted; safe to kill.

        Repositories are apart: what was pushed or mounted to one is read and deleted by its name alone,
        and bytes are stored once. What is in the layout already belongs to the repositories that its tags
        name; bare tags, and images without one, to the repository called like the directory. Manifests
        without a tag stay for 30 days; then oci-kit prune oci:DIR may take them.

        Without --htpasswd and --access, anyone who reaches the address may read and write; web pages of
        elsewhere are refused. So it listens on this machine only unless --host says otherwise, and then
        demands a certificate and users, or a word for less. Of --htpasswd alone, every user may do
        everything; rules of --access say who may pull, push or delete in which repositories. A build gets
        a token of its own: oci-kit token. All these files are read again when they change.

        Each request that failed is a line on stderr, with the user; what clients ask before they know is
        none. One client (an address) can hold only a part of the connections and uploads.

        HEAD, a mount, and what a pushed manifest names are answered from names and sizes: content that
        was damaged on the disk and kept its size counts as there until it is read. oci-kit verify
        oci:DIR reads all of it; oci-kit copy --verify-present SRC oci:DIR sends again what is damaged.`),
    )
    .option("--port <N>", "the port; 0 takes a free one", String(DEFAULT_PORT))
    .option("--host <ADDRESS>", "the address to listen on", "127.0.0.1")
    .option(
      "--allow-host <NAME>",
      "a further name that clients call it by, as host.docker.internal; may be repeated",
      collect,
    )
    .option("--tls-cert <FILE>", "serve https: the certificate and its chain, as PEM")
    .option("--tls-key <FILE>", "its private key, as PEM")
    .option("--htpasswd <FILE>", "the users: an htpasswd file with bcrypt hashes (htpasswd -B)")
    .option("--access <FILE>", "the rules: who may do what in which repositories, as YAML or JSON")
    .option("--tokens <FILE>", "the key of oci-kit token, where it is not beside DIR")
    .option("--allow-anonymous", "with --host: let everyone who reaches it read and write")
    .option("--allow-plain-http", "with --host: no certificate, for a network that is trusted")
    .option("--read-only", "refuse whatever would change DIR")
    .option("--sparse", "accept manifests and indexes of which not all content was pushed")
    .option("--log <FORMAT>", "what failed, on stderr: text or json, one line each", "text")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit serve &
  oci-kit serve out/linux-runtime/riscv64 --port 5001
  oci-kit serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem --htpasswd users
  oci-kit serve --access access.yaml --htpasswd users --log json
  oci-kit serve --host 0.0.0.0 --allow-anonymous --allow-plain-http --read-only
  oci-kit serve --port 0 --json | head -n 5        # says which port it took`,
    )
    .action(async (directory: string | undefined, flags: ServeFlags) =>
      invoke(flags, (session) => {
        const served = parseDirectory(directory ?? DEFAULT_DIRECTORY, "oci-kit serve DIR");
        return serve(served, flags, session);
      }),
    );
};

async function serve(
  directory: string,
  flags: ServeFlags,
  { context: { signal, stderr, limits } }: Session,
): Promise<Outcome> {
  const log = oneOf<LogFormat>("--log", flags.log, ["text", "json"]);
  const port = Number(flags.port);
  if (!/^\d{1,5}$/.test(flags.port) || port > 65_535) {
    throw new OciError("invalid-argument", `--port: expected 0 to 65535, got ${flags.port}`);
  }
  const { serveRegistry } = await import("../../server/serve.ts");
  const tls = tlsOf(flags);
  const access = await accessOf(flags);
  const server = await serveRegistry({
    directory,
    host: flags.host,
    port,
    allowedHosts: flags.allowHost,
    tls,
    access,
    allowAnonymous: flags.allowAnonymous,
    allowPlainHttp: flags.allowPlainHttp,
    readOnly: flags.readOnly,
    sparse: flags.sparse,
    limits,
    onEvent: (event) => printText(stderr, formatServerEvent(event, log, new Date())),
  }).catch((error: unknown) => {
    throw cannotListen(error, flags);
  });
  const host = server.url.replace(/^https?:\/\//, "");
  const signIn = access !== undefined;
  const readOnly = flags.readOnly === true;
  return {
    status: DONE,
    document: { url: server.url, host, port: server.port, directory, signIn, readOnly },
    lines: [
      `serving ${directory} on ${server.url}${readOnly ? ", read-only" : ""} (stop it with Ctrl-C)`,
    ],
    async afterwards() {
      if (!signal.aborted) await once(signal, "abort");
      await server.close();
    },
  };
}

/** @throws OciError `invalid-argument` when only one of the two is named */
function tlsOf({ tlsCert, tlsKey }: ServeFlags): TlsFiles | undefined {
  if (tlsCert !== undefined && tlsKey !== undefined) return { cert: tlsCert, key: tlsKey };
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  const [given, missing] = tlsCert === undefined ? ["key", "cert"] : ["cert", "key"];
  throw new OciError(
    "invalid-argument",
    `--tls-${given}: expected --tls-${missing} with it, got only the one`,
  );
}

/** @throws OciError `invalid-argument` for `--tokens` where nothing asks for credentials */
async function accessOf(flags: ServeFlags): Promise<AccessOptions | undefined> {
  const { htpasswd, access, tokens } = flags;
  if (htpasswd === undefined && access === undefined) {
    if (tokens === undefined) return undefined;
    throw new OciError(
      "invalid-argument",
      "--tokens: expected --htpasswd or --access with it, got neither: everyone may do everything",
      { hint: 'For tokens alone, an access file with "rules: []".' },
    );
  }
  if (access === undefined) return { htpasswd, tokens };
  const { accessFile } = await import("../../config/access-file.ts");
  return { htpasswd, tokens, rules: accessFile(access) };
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
