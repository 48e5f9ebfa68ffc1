// SPDX-License-Identifier: MIT
/**
 * The chain of stages that makes a family of images: driving BuildKit for those that compile.
 * @module
 */
