import { type ComponentProps, Suspense } from 'react';
import ReactMarkdown from 'react-markdown';
import remarkGfm from 'remark-gfm';
import remarkMath from 'remark-math';
import { lazyComponent } from './lazy-component.tsx';
import styles from './markdown.module.css';
import { texDelimiters } from './tex-delimiters.ts';

const Formula = lazyComponent(async () => (await import('./formula.tsx')).Formula);

/** A model's text: markdown with tables and maths. Raw HTML stays text, and no picture is fetched from anywhere. */
export function Markdown({ text }: { text: string }) {
  return (
    <div className={styles.markdown}>
      <ReactMarkdown remarkPlugins={plugins} components={components}>
        {texDelimiters(text)}
      </ReactMarkdown>
    </div>
  );
}

// A single dollar is money far more often than maths.
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
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls by the keyboard too
    <div className={styles.scroll} tabIndex={0}>
      <table>{children}</table>
    </div>
  ),
};
