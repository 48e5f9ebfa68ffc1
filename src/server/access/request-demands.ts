// SPDX-License-Identifier: MIT
import { endpointOf, type Route } from "../../registry/wire/paths.ts";
import { formatScope } from "../../registry/wire/token.ts";
import type { Action } from "./permission.ts";

/** One thing that a request needs to be allowed. */
export interface Demand {
  readonly repository: string;
  readonly action: Action;
}

/** What a request needs to be allowed before anything of it is looked at. */
export type Demands =
  /** Content of repositories. */
  | { readonly kind: "content"; readonly all: readonly Demand[] }
  /** The list of repositories. */
  | { readonly kind: "catalog" }
  /** No more than that one is known: the version check, and what is no endpoint. */
  | { readonly kind: "signed-in" };

/** What a request needs. A path that is no endpoint needs what the version check needs. */
export function demandsOf(method: string, path: string, query: URLSearchParams): Demands {
  const route = endpointOf(path);
  if (route?.kind === "catalog") return { kind: "catalog" };
  if (route === undefined || route.kind === "base") return { kind: "signed-in" };
  const { repository } = route;
  const all: Demand[] = [{ repository, action: actionOf(method, route) }];
  const from = query.get("from");
  if (route.kind === "uploads" && query.has("mount") && from !== null) {
    all.push({ repository: from, action: "pull" });
  }
  return { kind: "content", all };
}

/** The scopes that a token needs for these demands (distribution's token specification). */
export function scopesOf(demands: Demands): readonly string[] {
  if (demands.kind === "catalog") return ["registry:catalog:*"];
  if (demands.kind === "signed-in") return [];
  // Who may push has to read what is there already, so a token for pushes is asked for both, as everywhere.
  return demands.all.map(({ repository, action }) =>
    action === "push" ? formatScope(repository, "pull", "push") : formatScope(repository, action),
  );
}

function actionOf(method: string, { kind }: Route): Action {
  const isContent = kind === "manifest" || kind === "blob";
  if (method === "DELETE" && isContent) return "delete";
  const reads = method === "GET" || method === "HEAD";
  return reads && kind !== "upload" && kind !== "uploads" ? "pull" : "push";
}
