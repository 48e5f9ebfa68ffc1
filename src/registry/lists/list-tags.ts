// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { pulling } from "../repository-context.ts";
import type { RepositoryContext } from "../repository-context.ts";
import { formatRoute } from "../wire/paths.ts";
import { listNames } from "./list-names.ts";

/** All tags of a repository, sorted. @throws as `listNames` */
export function listTags(
  context: RepositoryContext,
  options: AbortOptions = {},
): Promise<readonly string[]> {
  const { transport, repository } = context;
  const path = formatRoute({ kind: "tags", repository });
  return listNames({ transport, access: pulling(context), path, key: "tags" }, options);
}
