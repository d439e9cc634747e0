import type { ButtonHTMLAttributes, ComponentProps, ReactNode } from 'react';
import { Link } from 'react-router';
import styles from './button.module.css';

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  look?: 'primary' | 'plain' | 'quiet' | 'danger';
  size?: 'normal' | 'small';
  icon?: ReactNode;
};

/** A button with words; give `icon` to put a picture before them. */
export function Button({ look = 'plain', size = 'normal', icon, className, children, ...rest }: ButtonProps) {
  const classes = [styles.button, styles[look], styles[size], className].filter(Boolean).join(' ');
  return (
    <button type="button" className={classes} {...rest}>
      {icon}
      {children}
    </button>
  );
}

/** A button that shows a picture only; `label` is its name for everybody who can't see it, and its tooltip. */
export function IconButton({ label, children, className, ...rest }: ComponentProps<'button'> & { label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={[styles.button, styles.quiet, styles.iconOnly, className].filter(Boolean).join(' ')}
      {...rest}
    >
      {children}
    </button>
  );
}

/** A link that looks like `IconButton`, with its words beside the picture where there are `children` beside it. */
export function IconLink({
  label,
  icon,
  to,
  children,
}: {
  label: string;
  icon: ReactNode;
  to: string;
  children?: ReactNode;
}) {
  const look = children === undefined ? [styles.quiet, styles.iconOnly] : [styles.plain];
  return (
    <Link to={to} aria-label={label} title={label} className={[styles.button, styles.link, ...look].join(' ')}>
      {icon}
      {children}
    </Link>
  );
}
