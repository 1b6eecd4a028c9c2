import { expect, it } from 'vitest';
import { childOf, childrenOf, parseXml, textOf } from '../../../src/core/parse-xml.ts';

it('gives elements, in order, with their text', () => {
  const root = parseXml(
    '<?xml version="1.0"?>\n<a xmlns="urn:x"><b>1</b><c/><b> 2 </b><d></d><e>\n </e></a>\n',
  );
  expect(root.name).toBe('a');
  expect(root.children.map(({ name, text }) => [name, text])).toEqual([
    ['b', '1'],
    ['c', ''],
    ['b', ' 2 '],
    ['d', ''],
    ['e', ''],
  ]);
  expect(childrenOf(root, 'b').map(({ text }) => text)).toEqual(['1', ' 2 ']);
  expect([textOf(root, 'b'), textOf(root, 'c'), textOf(root, 'x')]).toEqual(['1', '', undefined]);
  expect(childOf(root, '__proto__')).toBeUndefined();
});

it('decodes once: characters by number, the five entities of XML, and no others', () => {
  const text = (inside: string) => parseXml(`<a>${inside}</a>`).text;
  expect(text('&lt;&gt;&amp;&quot;&apos;')).toBe(`<>&"'`);
  expect(text('&#34;&#x41;&#128512;&#x1F600;')).toBe('"A😀😀');
  expect(text('&amp;lt; &nbsp; & &;')).toBe('&lt;  & &;');
  const doctype = '<!DOCTYPE a [ <!ENTITY e SYSTEM "file:///etc/passwd"> ]>';
  expect(parseXml(`${doctype}<a>[&e;]</a>`).text).toBe('[]');
});

it('passes comments and instructions, and keeps sections of text as they are', () => {
  const root = parseXml('<!-- <z> --><a>x<!-- y -->\r\nz<?pi > ?><![CDATA[<b>&amp;]]></a >');
  expect(root).toEqual({ name: 'a', text: 'x\nz<b>&amp;', children: [] });
});

it.each([
  ['<a b="x>y" c=\'/\'>t</a>', 't'],
  ['<a\n b="1"\n>t</a>', 't'],
  ['<a b="1" />', ''],
  ['<a />', ''],
])('leaves out the attributes of %j', (xml, text) => {
  expect(parseXml(xml)).toEqual({ name: 'a', text, children: [] });
});

it.each([
  ['', 'nothing'],
  ['text', 'no element'],
  ['text<a/>', 'text before the root'],
  ['<a>', 'an element that does not end'],
  ['<a><b></a>', 'an inner element that does not end'],
  ['<a></b>', 'another end'],
  ['<a', 'a tag that does not end'],
  ['<a b="></a>', 'a value that does not end'],
  ['<>x</>', 'no name'],
  ['<a><!-- </a>', 'a comment that does not end'],
  ['<a>&#x110000;</a>', 'no character'],
])('throws at %j: %s', (xml) => {
  expect(() => parseXml(xml)).toThrow();
});
