// SPDX-License-Identifier: MIT
import type { OpenOptions } from "../../../image/open-reference.ts";
import { type ImageSource, openLayoutImages } from "../../images/image-source.ts";
import type { LayoutPlaces } from "../../graph/declaration.ts";
import { layoutOf } from "../../graph/unit-layout.ts";
import { keepLayout } from "./keep-layout.ts";
import type { RunImages } from "./run-images.ts";

/** The layouts of a run without a registry. */
export function openRunLayouts(places: LayoutPlaces, options: OpenOptions = {}): RunImages {
  // one that is opened anew for each question, because each remembers what it was asked
  const source = (): ImageSource => openLayoutImages(places, options);
  return {
    name: "layouts",
    kind: "layout",
    image: (unit) => source().image(unit),
    byDigest: async (unit, digest) => {
      const image = await source().image(unit);
      return image.state === "present" && image.digest !== digest ? { state: "absent" } : image;
    },
    record: (unit, image, key) => source().record(unit, image, key),
    retag: () => Promise.resolve(),
    publish: (unit, built) => keepLayout(built.directory, layoutOf(unit, places)),
    context: (unit, digest) => ({ kind: "layout", path: layoutOf(unit, places), digest }),
    reference: (unit, digest) => `oci:${layoutOf(unit, places)}@${digest}`,
    close: () => Promise.resolve(),
  };
}
