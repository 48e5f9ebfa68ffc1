// SPDX-License-Identifier: MIT
import { resolve } from "node:path";
import { OciError } from "../../../oci/errors.ts";
import { quote } from "../../../oci/quote.ts";
import type {
  BuildRequest,
  BuildSecret,
  CachePlace,
  SshForward,
} from "../../buildkit/request/build-request.ts";
import type { StageUnit } from "../../graph/stage-graph.ts";
import type { UnitInputs } from "../inputs/unit-inputs.ts";

/** What decides a request besides the unit and its inputs. */
export interface RequestChoice {
  readonly directory: string;
  /** Where the layout appears. */
  readonly output: string;
  /** Annotations and labels alike. */
  readonly records: Readonly<Record<string, string>>;
  readonly mirrors: boolean;
  readonly noCache: boolean;
  readonly pull: boolean;
}

/** What BuildKit is asked for to make a unit. @throws OciError `invalid-argument` for a cache that we have no words for */
export function unitRequest(
  unit: StageUnit,
  { contexts, buildArgs }: UnitInputs,
  { directory, output, records, mirrors, noCache, pull }: RequestChoice,
): BuildRequest {
  const build = unit.build!;
  const at = (path: string): string => resolve(directory, path);
  const caches = (texts: readonly string[], path: "src" | "dest"): CachePlace[] =>
    texts.map((text) => cacheOf(text, path, unit, directory));
  return {
    context: at(build.context),
    dockerfile: at(build.dockerfile),
    platform: unit.platform,
    target: build.target,
    buildArgs: mirrors ? { ...buildArgs, ...build.mirrors } : buildArgs,
    contexts,
    secrets: Object.entries(build.secrets).map(([id, source]): BuildSecret =>
      "env" in source ? { id, env: source.env } : { id, file: at(source.file) },
    ),
    ssh: build.ssh.map((text) => sshOf(text, directory)),
    network: build.network === "default" ? undefined : build.network,
    addHosts: build.addHosts,
    cacheFrom: caches(build.cacheFrom, "src"),
    cacheTo: caches(build.cacheTo, "dest"),
    memory: build.memory,
    cpus: build.cpus,
    cgroupParent: build.cgroupParent,
    annotations: records,
    labels: records,
    noCache,
    pull,
    output: { kind: "layout", directory: output },
  };
}

function sshOf(text: string, directory: string): SshForward {
  const equals = text.indexOf("=");
  if (equals < 0) return { id: text };
  return { id: text.slice(0, equals), socket: resolve(directory, text.slice(equals + 1)) };
}

function cacheOf(
  text: string,
  path: "src" | "dest",
  { stage }: StageUnit,
  directory: string,
): CachePlace {
  const fields = new Map(
    text.split(",").map((field) => {
      const equals = field.indexOf("=");
      return [field.slice(0, equals), field.slice(equals + 1)] as const;
    }),
  );
  const [type, reference, place] = [fields.get("type"), fields.get("ref"), fields.get(path)];
  // a cache is always exported with all steps, which is the mode that is worth it for stages
  const isKnown = [...fields.keys()].every((key) => ["type", "ref", path, "mode"].includes(key));
  if (isKnown && type === "registry" && reference !== undefined) {
    return { kind: "registry", reference };
  }
  if (isKnown && type === "local" && place !== undefined) {
    return { kind: "local", directory: resolve(directory, place) };
  }
  throw new OciError(
    "invalid-argument",
    `stage ${stage}: cache: expected type=registry,ref=… or type=local,${path}=…, got ${quote(text)}`,
  );
}
