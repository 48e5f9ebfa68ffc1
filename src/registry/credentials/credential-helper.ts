// SPDX-License-Identifier: MIT
import { isOciError, OciError, type OciErrorOptions } from "../../oci/errors.ts";
import { limitExceeded } from "../../oci/limits.ts";
import { quote } from "../../oci/quote.ts";
import type { Credentials } from "../registry-options.ts";
import { isSendableToken } from "../wire/token.ts";
import { member, tryParseJson } from "../wire/loose-json.ts";
import { formatWords, secretsIn } from "./helper-words.ts";
import { runHelper, type HelperRun, type HelperSurroundings } from "./run-helper.ts";

/** A helper as a configuration file names it. */
export interface CredentialHelper extends HelperSurroundings {
  /** What follows `docker-credential-` in the name of the program. */
  readonly name: string;
  /** Where it is named, for messages: `credsStore of /home/me/.docker/config.json`. */
  readonly namedBy: string;
}

/** The user name by which a helper says that the secret is an identity token. */
export const TOKEN_USER = "<token>";

/**
 * Asks a helper for the credentials of an address. Undefined when it has none.
 * @throws OciError `unreadable` when the program is missing, fails (with its own words) or answers something else;
 * `limit-exceeded` when it does not end. No secret is in the message.
 */
export async function getFromHelper(
  helper: CredentialHelper,
  address: string,
): Promise<Credentials | undefined> {
  const call: Call = { helper, verb: "get", address, secrets: [] };
  const ended = await run(call, address);
  if (ended.status !== 0) {
    if (saysNotFound(ended)) return undefined;
    throw failed(call, ended);
  }
  const answer = tryParseJson(Buffer.from(ended.stdout));
  const [username, secret] = [member(answer, "Username"), member(answer, "Secret")];
  if (typeof username !== "string" || typeof secret !== "string") {
    const { length } = Buffer.from(ended.stdout);
    throw refuse(
      call,
      `a JSON object with "Username" and "Secret"`,
      `${length} bytes of something else`,
    );
  }
  if (username === "" && secret === "") return undefined;
  if (username !== TOKEN_USER) return { username, password: secret };
  if (!isSendableToken(secret)) throw refuse(call, "an identity token", "something else");
  return { username: "", password: "", identityToken: secret };
}

/**
 * Gives credentials to a helper to keep.
 * @throws OciError `unwritable`, `limit-exceeded`, as {@link getFromHelper}
 */
export async function storeInHelper(
  helper: CredentialHelper,
  address: string,
  { username, password, identityToken }: Credentials,
): Promise<void> {
  const secret = identityToken ?? password;
  const document = {
    ServerURL: address,
    Username: identityToken === undefined ? username : TOKEN_USER,
    Secret: secret,
  };
  const escaped = JSON.stringify(secret).slice(1, -1);
  const call: Call = { helper, verb: "store", address, secrets: [secret, escaped] };
  const ended = await run(call, `${JSON.stringify(document)}\n`);
  if (ended.status !== 0) throw failed(call, ended);
}

/**
 * Makes a helper forget the credentials of an address. It is no error when it has none.
 * @throws OciError `unwritable`, `limit-exceeded`, as {@link getFromHelper}
 */
export async function eraseFromHelper(helper: CredentialHelper, address: string): Promise<void> {
  const call: Call = { helper, verb: "erase", address, secrets: [] };
  const ended = await run(call, address);
  if (ended.status !== 0 && !saysNotFound(ended)) throw failed(call, ended);
}

interface Call {
  readonly helper: CredentialHelper;
  readonly verb: "get" | "store" | "erase";
  readonly address: string;
  readonly secrets: readonly string[];
}

type Ended = Extract<HelperRun, { readonly kind: "ended" }>;

async function run(call: Call, input: string): Promise<Ended> {
  const { helper, verb } = call;
  const { name, limits } = helper;
  if (!/^[\w.@+-]+$/.test(name)) {
    throw refuse(call, "the name of a helper: letters, digits, - and _", quote(name));
  }
  const result = await runHelper(program(helper), verb, input, helper);
  switch (result.kind) {
    case "ended":
      return result;
    case "missing":
      throw missing(call);
    case "failed-to-start":
      throw refuse(call, "a program that can be run", result.reason);
    case "hung":
      throw limitExceeded({
        what: place(call),
        limit: "helperTimeout",
        allowed: limits.helperTimeout,
        unit: "milliseconds until it ends",
      });
    case "too-much":
      throw limitExceeded({
        what: place(call),
        limit: "answerBytes",
        allowed: limits.answerBytes,
        unit: "bytes of output",
      });
  }
}

/** "credentials not found in native keychain": the words that docker's library gives every helper. */
function saysNotFound({ stdout, stderr }: Ended): boolean {
  return [stdout, stderr].some((text) => /^\s*(error: )?credentials not found\b/i.test(text));
}

function program({ name }: CredentialHelper): string {
  return `docker-credential-${name}`;
}

function place({ helper, verb, address }: Call): string {
  return `${program(helper)} ${verb} (${helper.namedBy}), asked for ${quote(address)}`;
}

function failed(call: Call, { status, stdout, stderr }: Ended): OciError {
  const secrets = [...call.secrets, ...secretsIn(stdout), ...secretsIn(stderr)];
  // docker's library writes the reason to stdout, others to stderr.
  const words = [stdout, stderr].flatMap((text) => formatWords(text, secrets) ?? []);
  const said = words.length === 0 ? "without a word" : `saying ${words.join(" and ")}`;
  return refuse(call, "success", `exit status ${status}, ${said}`);
}

/** Whether an error says that the program of a helper is not on this machine. */
export function isMissingHelper(error: unknown): boolean {
  return isOciError(error, "unreadable", "unwritable") && error.details["missing"] === true;
}

function missing(call: Call): OciError {
  const { helper } = call;
  return refuse(call, "a program of that name on the PATH", "none", {
    details: { missing: true },
    hint: `Install ${program(helper)}, or take it out of ${helper.namedBy} and log in again: oci-kit login HOST`,
  });
}

function refuse(call: Call, expected: string, got: string, more: OciErrorOptions = {}): OciError {
  const { helper, verb, address } = call;
  return new OciError(
    verb === "get" ? "unreadable" : "unwritable",
    `${place(call)}: expected ${expected}, got ${got}`,
    { ...more, details: { helper: program(helper), verb, address, ...more.details } },
  );
}
