// SPDX-License-Identifier: MIT
import { join, resolve } from "node:path";
import type { OpenOptions } from "../../../image/open-reference.ts";
import type { StageUnit } from "../../graph/stage-graph.ts";
import { openLayoutImages } from "../../images/image-source.ts";
import { keepLayout } from "./keep-layout.ts";
import type { RunImages } from "./run-images.ts";

/** Where the layout of a unit is when no registry has it. An absolute path. */
export function layoutOf(unit: StageUnit, directory: string, state: string): string {
  return resolve(directory, unit.layout ?? join(state, "layouts", unit.id));
}

/**
 * The layouts of a run without a registry: a unit's own, and for others one below the state directory.
 * @param directory the project
 */
export function openRunLayouts(
  directory: string,
  state: string,
  options: OpenOptions = {},
): RunImages {
  const place = (unit: StageUnit): string => layoutOf(unit, directory, state);
  const named = (unit: StageUnit): StageUnit => ({ ...unit, layout: place(unit) });
  // one that is opened anew for each question, because each remembers what it was asked
  const source = (): ReturnType<typeof openLayoutImages> => openLayoutImages(directory, options);
  return {
    name: "layouts",
    kind: "layout",
    image: (unit) => source().image(named(unit)),
    byDigest: async (unit, digest) => {
      const image = await source().image(named(unit));
      return image.state === "present" && image.digest !== digest ? { state: "absent" } : image;
    },
    record: (unit, image, key) => source().record(named(unit), image, key),
    retag: () => Promise.resolve(),
    publish: (unit, built) => keepLayout(built.directory, place(unit)),
    context: (unit, digest) => ({ kind: "layout", path: place(unit), digest }),
    reference: (unit, digest) => `oci:${place(unit)}@${digest}`,
    close: () => Promise.resolve(),
  };
}
