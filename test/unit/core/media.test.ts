import { describe, expect, it } from 'vitest';
import { mediaOf, proxyTypeOf } from '../../../src/core/media.ts';

describe('mediaOf', () => {
  it.each([
    ['model.tar.gz', { type: 'application/x-tar', encoding: 'gzip' }],
    ['model.TGZ', { type: 'application/x-tar', encoding: 'gzip' }],
    ['x.csv.gz', { type: 'text/csv', encoding: 'gzip' }],
    ['x.csv.Z', { type: 'text/csv', encoding: 'compress' }],
    ['x.csv.z', {}],
    ['x.csv.GZ', {}],
    ['drawing.svgz', { type: 'image/svg+xml', encoding: 'gzip' }],
    ['a/b.dir/plot.PNG', { type: 'image/png' }],
    ['a.csv/noext', {}],
    ['.csv', {}],
    ['..csv', {}],
    ['.hidden.csv', { type: 'text/csv' }],
    ['data.parquet', {}],
    ['x.gz', { encoding: 'gzip' }],
    ['MLmodel', {}],
    ['', {}],
  ])('of %j', (name, media) => {
    expect(mediaOf(name)).toEqual(media);
  });
});

describe('proxyTypeOf', () => {
  it.each([
    ['MLmodel', 'text/plain'],
    ['model/MLmodel', 'text/plain'],
    ['mlmodel', 'application/octet-stream'],
    ['mlproject', 'text/plain'],
    ['MLproject', 'application/octet-stream'],
    ['conda.yaml', 'text/plain'],
    ['DATA.CSV', 'text/csv'],
    ['data.csv', 'text/plain'],
    ['a.tar.gz', 'application/x-tar'],
    ['log', 'text/plain'],
    ['a.json/x.png', 'image/png'],
    ['weights.bin', 'application/octet-stream'],
    ['x.unknown', 'application/octet-stream'],
  ])('of %j is %s', (name, type) => {
    expect(proxyTypeOf(name)).toBe(type);
  });
});
