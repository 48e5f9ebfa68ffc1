// SPDX-License-Identifier: MIT
import type { LoggedIn } from "../../registry/login/login.ts";
import type { LoggedOut } from "../../registry/login/logout.ts";
import type { Outcome } from "../command.ts";

type Told = Pick<Outcome, "lines" | "notices">;

/** What `login` says. */
export function formatLogin(done: LoggedIn): Told {
  const { username, checked, file, helper, usedInstead } = done;
  const place = placeOf(done);
  const where =
    helper === undefined ? `in ${file}, readable by its owner` : `by ${helper}, as ${file} says`;
  return {
    lines: [`logged in to ${place} as ${username}; kept ${where}`],
    notices: [
      ...(checked ? [] : [`${place} asked for no credentials: they could not be checked`]),
      ...(usedInstead === undefined ? [] : [`${usedInstead} has others, which are used instead`]),
    ],
  };
}

/** What `logout` says. */
export function formatLogout(done: LoggedOut): Told {
  const { erased, remaining } = done;
  const place = placeOf(done);
  return {
    lines:
      erased.length === 0
        ? [`no credentials for ${place}: nothing to erase`]
        : erased.map(({ file, helper }) =>
            helper === undefined
              ? `erased ${place} from ${file}`
              : `erased ${place} from ${helper}, which ${file} names`,
          ),
    notices: remaining.map(({ file, key }) => `${file} still has an entry for ${key}`),
  };
}

function placeOf({
  registry,
  path,
}: {
  readonly registry: string;
  readonly path?: string | undefined;
}): string {
  return path === undefined ? registry : `${registry}/${path}`;
}
