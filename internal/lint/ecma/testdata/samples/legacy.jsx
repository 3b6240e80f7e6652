import { h } from 'preact';
export default class Login extends Component {
  static propTypes = { a: PropTypes.func.isRequired };
  state = { token: null };
  handle = async e => { try { await this.props.login(e.target.value) } catch { this.setState({ error: true }) } };
  render({ onSubmit }, { token }) {
    return <form onSubmit={this.handle}><input value={token} onChange={e => this.setState({ token: e.target.value })}/>
      <p>Don't {"panic"}: 1 / 2 {1 / 2} {/re/.test(token) && <b/>}</p>{token ? <A/> : (<B></B>)}</form>
  }
}
const x = a < b && c > d, y = <div>{x < 1 ? <a/> : null}</div>, z = <div/> / 2;
