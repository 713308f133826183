// The native uWebSockets.js. The package would fall back to JavaScript where it
// has no binary for this Node; then there is nothing to be measured, so the
// binary is asked for by its name.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { platform, arch, versions } = process;

export default require(`@trufflesuite/uws-js-unofficial/binaries/uws_${platform}_${arch}_${versions.modules}.node`);
