export type { Location, Scheme } from './location/location.ts';
export { formatLocation } from './location/format-location.ts';
export { parseLocation, localAmbiguity } from './location/parse-location.ts';
export { appendToLocation } from './location/append-to-location.ts';
export { appendToUri } from './location/append-to-uri.ts';
export { isBelow } from './location/is-below.ts';
export { abfssParts, b2Parts, hostPort, r2Parts, s3Bucket, wasbsParts } from './location/authorities.ts';
export { modelsParts, runsParts, type ModelsParts } from './location/references.ts';
