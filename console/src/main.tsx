import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import './styles/tokens.css';
import './styles/base.css';

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no element with id root.');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
