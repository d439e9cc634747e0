import { type ComponentProps, Suspense } from 'react';
import ReactMarkdown from 'react-markdown';
import remarkGfm from 'remark-gfm';
import remarkMath from 'remark-math';
import { CodeBlock } from './code-block.tsx';
import { lazyComponent } from './lazy-component.tsx';
import styles from './markdown.module.css';
import { texDelimiters } from './tex-delimiters.ts';

const Formula = lazyComponent(async () => (await import('./formula.tsx')).Formula);

/** A model's text: markdown with tables and maths. Raw HTML stays text, and no picture is fetched from anywhere. */
export function Markdown({ text }: { text: string }) {
  return (
    <div className={styles.markdown} dir="auto">
      <ReactMarkdown remarkPlugins={plugins} components={components}>
        {texDelimiters(text)}
      </ReactMarkdown>
    </div>
  );
}

// A single dollar is money far more often than maths: `texDelimiters` doubles those that hold a formula.
const plugins: ComponentProps<typeof ReactMarkdown>['remarkPlugins'] = [
  remarkGfm,
  [remarkMath, { singleDollarTextMath: false }],
];

const components: ComponentProps<typeof ReactMarkdown>['components'] = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  img: ({ src, alt }) => (
    <a href={typeof src === 'string' ? src : undefined} target="_blank" rel="noopener noreferrer nofollow">
      {alt || src}
    </a>
  ),
  code: ({ className, children }) => {
    if (!className?.includes('language-math')) return <code className={className}>{children}</code>;
    const tex = String(children);
    return (
      <Suspense fallback={<code>{tex}</code>}>
        <Formula tex={tex} display={className.includes('math-display')} />
      </Suspense>
    );
  },
  pre: ({ node, children }) => {
    const [inside] = node?.children ?? [];
    if (inside?.type !== 'element' || inside.tagName !== 'code') return <pre>{children}</pre>;
    const names = inside.properties['className'];
    const classes = Array.isArray(names) ? names.map(String) : [];
    // A formula on its own is not code.
    if (classes.includes('language-math')) return children;
    const code = inside.children.map((child) => (child.type === 'text' ? child.value : '')).join('');
    const language = classes.find((name) => name.startsWith('language-'))?.slice('language-'.length);
    return <CodeBlock code={code.replace(/\n$/, '')} language={language} />;
  },
  // Direction by the text itself: of a list, a quote and a table as a whole, of each paragraph by its style.
  ul: ({ children, className }) => (
    <ul dir="auto" className={className}>
      {children}
    </ul>
  ),
  ol: ({ children, start }) => (
    <ol dir="auto" start={start}>
      {children}
    </ol>
  ),
  blockquote: ({ children }) => <blockquote dir="auto">{children}</blockquote>,
  // The page has a heading of its own above each answer.
  h1: ({ children }) => <h3>{children}</h3>,
  h2: ({ children }) => <h3>{children}</h3>,
  h3: ({ children }) => <h4>{children}</h4>,
  h4: ({ children }) => <h5>{children}</h5>,
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls by the keyboard too
    <div className={styles.scroll} tabIndex={0}>
      <table dir="auto">{children}</table>
    </div>
  ),
};
