// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import type { Grant } from "../../server/access/permission.ts";
import { collect, prose, withJson, type Outcome, type Register } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { parseDuration } from "../input/values/duration.ts";

interface TokenFlags {
  readonly json?: true;
  readonly allow?: readonly string[];
  readonly expires: string;
  readonly tokens?: string;
  readonly revoke?: string;
  readonly revokeAll?: true;
}

const DEFAULT_DIRECTORY = "out/registry";

export const tokenCommand: Register = (program, invoke) => {
  withJson(program.command("token [DIR]"))
    .summary("a token for the registry that serves a directory")
    .description(
      prose(`
        Prints a token that a registry serving DIR (default ${DEFAULT_DIRECTORY}) with --htpasswd or --access
        accepts: for one build, to push to its own repository and its cache and nowhere else. It is the
        password of any user name (docker login -u token), or a bearer token.

        The key that signs tokens is in DIR.tokens.json, which only its owner can read; whoever has it can
        make tokens. A token ends at its time, or is revoked. The registry need not run, and if it does
        it knows at its next request.`),
    )
    .option(
      "--allow <REPOSITORY=ACTIONS>",
      "what it allows, as team/app=pull,push or 'team/**=pull'; may be repeated",
      collect,
    )
    .option("--expires <DURATION>", "when it ends, as 30m, 1h or 7d", "1h")
    .option("--revoke <TOKEN|ID>", "end this token now")
    .option("--revoke-all", "end all tokens now: a new key")
    .option("--tokens <FILE>", "the key, where it is not beside DIR")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit token --allow team/app=pull,push --allow team/app-cache=pull,push --expires 2h
  oci-kit token out/registry --allow 'team/**=pull' --json
  oci-kit token --revoke 0123456789ab
  oci-kit token --allow team/app=push | docker login -u token --password-stdin 127.0.0.1:5000`,
    )
    .action(async (directory: string | undefined, flags: TokenFlags) =>
      invoke(flags, () => perform(directory ?? DEFAULT_DIRECTORY, flags)),
    );
};

async function perform(directory: string, flags: TokenFlags): Promise<Outcome> {
  const { allow = [], tokens, revoke, revokeAll } = flags;
  const asked = [allow.length > 0, revoke !== undefined, revokeAll === true];
  if (asked.filter((isAsked) => isAsked).length !== 1) {
    throw new OciError(
      "invalid-argument",
      `expected either --allow, --revoke or --revoke-all, got ${asked.includes(true) ? "more than one" : "none of them"}`,
      { hint: "Say what the token is for: --allow team/app=pull,push" },
    );
  }
  const { issueToken, revokeTokens } = await import("../../server/access/issued-token.ts");
  if (allow.length === 0) {
    await revokeTokens({ directory, tokens, token: revoke });
    const line = revoke === undefined ? "all tokens have ended" : "the token has ended";
    return {
      status: DONE,
      document: { revoked: revoke === undefined ? "all" : "one" },
      lines: [line],
    };
  }
  const { parseActions, parsePattern } = await import("../../server/access/permission.ts");
  const grants = allow.map((text): Grant => {
    const [, repository, actions] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    if (repository === undefined || actions === undefined) {
      const message = `--allow: expected REPOSITORY=ACTIONS, as team/app=pull,push, got ${quote(text)}`;
      throw new OciError("invalid-argument", message);
    }
    return { repository: parsePattern(repository), actions: parseActions(actions.split(",")) };
  });
  const life = Math.floor(parseDuration("--expires", flags.expires) / 1000);
  if (life < 1) throw new OciError("invalid-argument", "--expires: expected at least 1s");
  const { token, id, until } = await issueToken({ directory, grants, life, tokens });
  const expires = new Date(until * 1000).toISOString();
  return { status: DONE, document: { token, id, expires, grants }, lines: [token] };
}
