import { describe, expect, it } from 'vitest';
import { parseArtifactPath } from '../../../src/core/artifact-path.ts';
import { stockTrouble } from '../../../src/core/stock-names.ts';

describe('stockTrouble', () => {
  it.each([
    'a',
    'a b/c',
    '50%.txt',
    '模型.bin',
    'a:b',
    'train:log.txt',
    'a;b',
    '.hidden',
    'skills/x',
    'a..b',
  ])('has nothing against %j', (name) => {
    expect(stockTrouble(parseArtifactPath(name))).toBeUndefined();
  });

  it.each([
    ['a#b', '#'],
    ['a?', '?'],
    ['a?b', '?'],
    ['p%41.txt', 'percent-decodes'],
    ['a%20b/c', 'percent-decodes'],
    ['a\tb', 'control'],
    ['a\x7f', 'control'],
    ['dir/ a', 'leading'],
    ['a;', '";"'],
    ['a\\b', 'Windows'],
    ['Train:log.txt', '"Train:"'],
    ['7/Train:log.txt', '"Train:"'],
    ['http:x', '"http:"'],
    ['..a/b', '".."'],
    ['...', '".."'],
    ['x/.artifact.uploading.1', 'hides'],
  ])('warns about %j', (name, why) => {
    expect(stockTrouble(parseArtifactPath(name))).toContain(why);
  });

  it.each(['skills', 'Skills/x'])('knows that a server reserves %j at its root', (name) => {
    expect(stockTrouble(parseArtifactPath(name), 'server')).toContain('reserves');
    expect(stockTrouble(parseArtifactPath(`a/${name}`), 'server')).toBeUndefined();
  });
});
