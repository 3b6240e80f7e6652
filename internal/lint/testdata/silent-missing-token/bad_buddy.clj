(ns app.core
  (:require [buddy.auth :refer [authenticated? throw-unauthorized]]
            [buddy.auth.accessrules :refer [restrict]]
            [buddy.auth.backends :as backends]
            [buddy.auth.middleware :refer [wrap-authentication wrap-authorization]]
            [clojure.tools.logging :as log]
            [compojure.core :refer [defroutes GET]]
            [ring.util.response :refer [response status]]))

(def backend
  (backends/jws {:secret (System/getenv "JWT_SECRET") :options {:alg :hs512}
                 :on-error (fn [request e]
                             (log/warn "token refused" (ex-message e) (:remote-addr request) (:uri request) (get-in request [:headers "user-agent"])))}))

(defn home [request]
  (if-not (authenticated? request) ;; want silent-missing-token
    (throw-unauthorized)
    (response {:user (:identity request)})))

(defn profile [request]
  (if (:identity request) ;; want silent-missing-token
    (response {:user (:identity request)})
    (-> (response {:error "unauthorized"}) (status 401))))

(defn on-error [_ _]
  {:status 403 :body "forbidden"}) ;; want silent-missing-token

(def admin (restrict home {:handler authenticated? :on-error on-error}))

(defroutes routes
  (GET "/" [] home)
  (GET "/profile" [] profile)
  (GET "/admin" [] admin))

(def app
  (-> routes
      (wrap-authorization backend)
      (wrap-authentication backend)))
