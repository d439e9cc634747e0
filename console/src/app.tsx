import { type ComponentType, Suspense } from 'react';
import { createBrowserRouter, RouterProvider } from 'react-router';
import { lazyComponent, ViewLoading } from './components/lazy-component.tsx';
import { Frame } from './frame/frame.tsx';
import { NotFound } from './frame/not-found.tsx';
import { ViewFault } from './frame/view-fault.tsx';

/** Each view is fetched when it is first opened. The paths are also in `src/api/routes/console.ts`. */
const views = {
  '/': view(() => import('./views/ask/view.tsx')),
  '/compare': view(() => import('./views/compare/view.tsx')),
  '/jobs': view(() => import('./views/jobs/view.tsx')),
  '/trace/:id?': view(() => import('./views/trace/view.tsx')),
  '/eval': view(() => import('./views/eval/view.tsx')),
  '/settings': view(() => import('./views/settings/view.tsx')),
};

const router = createBrowserRouter([
  {
    element: <Frame />,
    errorElement: <ViewFault />,
    children: [
      ...Object.entries(views).map(([path, View]) => ({
        path,
        errorElement: <ViewFault />,
        element: (
          // A boundary of its own: a shared one would go on showing the view before, without a word, while this one loads.
          <Suspense key={path} fallback={<ViewLoading />}>
            <View />
          </Suspense>
        ),
      })),
      { path: '*', element: <NotFound /> },
    ],
  },
]);

/** The console: its frame and the view of the address. */
export function App() {
  return <RouterProvider router={router} />;
}

function view(load: () => Promise<{ View: ComponentType }>): ComponentType {
  return lazyComponent(async () => (await load()).View);
}
