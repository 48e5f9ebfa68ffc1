// SPDX-License-Identifier: MIT
import {
  prose,
  withJson,
  type CommonFlags,
  type Outcome,
  type Register,
  type Session,
} from "../command.ts";
import { DONE } from "../exit-status.ts";
import { LOGIN_PLACE } from "../input/complete-words.ts";

export const logoutCommand: Register = (program, invoke) => {
  withJson(program.command(`logout <${LOGIN_PLACE}>`))
    .summary("erase the credentials of a registry")
    .description(
      prose(`
        Erases what login keeps: from every configuration file of docker and of the containers tools in
        which credentials are looked for (see oci-kit login --help), and from the credential helpers that
        they name. Credentials of other registries, and of other paths of the same one, stay. It is no
        error when there are none.`),
    )
    .addHelpText(
      "after",
      `
Examples:
  oci-kit logout ghcr.io
  oci-kit logout registry.example:5000/team`,
    )
    .action(async (place: string, flags: CommonFlags) =>
      invoke(flags, (session) => logOut(place, session)),
    );
};

async function logOut(place: string, { context }: Session): Promise<Outcome> {
  const [{ logout }, { formatLogout }] = await Promise.all([
    import("../../registry/login/logout.ts"),
    import("./login-text.ts"),
  ]);
  const document = await logout(place, { environment: context.env, limits: context.limits });
  return { status: DONE, document, ...formatLogout(document) };
}
