import React, { useState, type FC } from 'react';
const generic = <T,>(x: T) => x, bounded = <T extends object>(x: T): T => x, fromConst = <const T,>(x: T) => x;
export const View: FC<Props> = ({ user, onLogin = () => {}, ...rest }: Props) => {
  const [open, setOpen] = useState<boolean>(false), ref = useRef<HTMLDivElement | null>(null);
  if (!user) return null;
  return (
    <div className="a &amp; b" data-x='it"s' {...rest} onClick={() => setOpen(o => !o)} key={`k${user.id}`} aria-hidden>
      {/* a comment */}
      {open ? <Menu items={[1, 2].map(i => <li key={i}>{i}</li>)} /> : <></>}
      text with 'quotes', // slashes, `ticks` &nbsp; and signs
      <a.b.c x:y="z">{...kids}</a.b.c>
      <Select<string> value="x" render={<b>bold</b>} on=<i/> />
      <svg:rect width={1}/> {user.name as string} {a < b} {a > b}
      <></>
      <input disabled value={x!} />
    </div>
  );
};
function* f() { yield <a/>; const x = a < b; return <T,>(y: T) => <b>{y}</b> }
export default function App<T extends {}>(props: T): JSX.Element { return <View {...props} user={{ a: 1 }}>it's {1}{' '}{}</View> }
