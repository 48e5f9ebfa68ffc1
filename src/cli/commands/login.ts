// SPDX-License-Identifier: MIT
import { Option } from "commander";
import { OciError } from "../../oci/errors.ts";
import {
  prose,
  withRegistry,
  type CommonFlags,
  type Outcome,
  type Register,
  type Session,
} from "../command.ts";
import { DONE } from "../exit-status.ts";
import { LOGIN_PLACE } from "../input/complete-words.ts";

interface LoginFlags extends CommonFlags {
  readonly username?: string;
  readonly passwordStdin?: true;
  /** Refused, whatever it is. */
  readonly password?: string | true;
}

export const loginCommand: Register = (program, invoke) => {
  withRegistry(program.command(`login <${LOGIN_PLACE}>`))
    .summary("keep the credentials of a registry")
    .description(
      prose(`
        Shows a user name and a password to a registry and, when it takes them, keeps them where docker,
        podman, skopeo, crane and oras find them too: with the credential helper that the configuration
        file names for this registry (credHelpers, credsStore), else in the file itself. The file is
        $REGISTRY_AUTH_FILE, else config.json in $DOCKER_CONFIG, else ~/.docker/config.json.

        With a path the credentials are for that namespace or repository only, so that several accounts
        on one host can be used. The user name <token> stands for an identity token.

        Credentials are looked for in $REGISTRY_AUTH_FILE alone when it is set; else in
        $DOCKER_AUTH_CONFIG, docker's config.json, and the containers tools' auth.json (in
        $XDG_RUNTIME_DIR/containers or /run/containers/UID, then in ~/.config/containers).`),
    )
    .option("-u, --username <USER>", "the user name; asked for on a terminal")
    .option("--password-stdin", "read the password from stdin; else it is asked for, and not shown")
    .addOption(new Option("-p, --password [PASSWORD]").hideHelp())
    .addHelpText(
      "after",
      `
Examples:
  oci-kit login ghcr.io -u me
  oci-kit login ghcr.io -u me --password-stdin < token.txt
  oci-kit login registry.example:5000/team -u robot --password-stdin < robot.txt`,
    )
    .action(async (place: string, flags: LoginFlags) =>
      invoke(flags, (session) => logIn(place, flags, session)),
    );
};

async function logIn(place: string, flags: LoginFlags, session: Session): Promise<Outcome> {
  const { env, signal, registry } = session.context;
  const [{ login }, { parseLoginPlace }, { formatLogin }] = await Promise.all([
    import("../../registry/login/login.ts"),
    import("../../registry/login/login-place.ts"),
    import("./login-text.ts"),
  ]);
  parseLoginPlace(place);
  const user = await readUser(place, flags, session);
  const document = await login(place, user, { ...registry, environment: env, signal });
  return { status: DONE, document, ...formatLogin(document) };
}

async function readUser(
  place: string,
  { username, passwordStdin, password }: LoginFlags,
  { context }: Session,
): Promise<{ readonly username: string; readonly password: string }> {
  if (password !== undefined) throw onCommandLine(place);
  const { openTerminal, readPiped } = await import("../input/ask-user.ts");
  const terminal = openTerminal(context);
  try {
    if (passwordStdin === true) {
      if (terminal !== undefined) throw nothingPiped(place);
      if (username === undefined) throw withoutUser(place);
      return { username, password: await readPiped(context) };
    }
    if (terminal === undefined) throw withoutTerminal(place, username);
    const name = username ?? (await terminal.ask(`User name at ${place}: `)).trim();
    return { username: name, password: await terminal.askHidden(`Password of ${name}: `) };
  } finally {
    terminal?.close();
  }
}

function onCommandLine(place: string): OciError {
  return new OciError(
    "invalid-argument",
    "--password: a password on the command line can be seen by every user of this machine, and stays in the shell's history",
    {
      hint: `Leave it out, and it is asked for; or: oci-kit login ${place} -u USER --password-stdin < FILE`,
    },
  );
}

function nothingPiped(place: string): OciError {
  return new OciError(
    "invalid-argument",
    "--password-stdin: stdin is a terminal, which shows what is typed",
    {
      hint: `Leave it out, and the password is asked for and not shown; or pipe it: oci-kit login ${place} -u USER --password-stdin < FILE`,
    },
  );
}

function withoutUser(place: string): OciError {
  return new OciError("invalid-argument", "--password-stdin: the user name is missing", {
    hint: `oci-kit login ${place} -u USER --password-stdin < FILE`,
  });
}

function withoutTerminal(place: string, username = "USER"): OciError {
  return new OciError(
    "invalid-argument",
    "login: there is no terminal to ask for the password on",
    {
      hint: `Pipe it: oci-kit login ${place} -u ${username} --password-stdin < FILE`,
    },
  );
}
