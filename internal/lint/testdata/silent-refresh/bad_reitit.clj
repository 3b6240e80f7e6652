(ns app.core
  (:require [buddy.sign.jwt :as jwt]
            [clojure.tools.logging :as log]
            [next.jdbc :as jdbc]
            [reitit.ring :as ring]))

(def secret (System/getenv "JWT_SECRET"))
(def db (jdbc/get-datasource {}))

(defn stored [token]
  (jdbc/execute-one! db ["SELECT * FROM refresh_tokens WHERE token = ?" token]))

(defn refresh [request] ;; want silent-refresh
  (if-let [row (stored (get-in request [:body-params :refresh-token]))]
    {:status 200 :body {:token (jwt/sign {:sub (:user row) :exp (+ 900 (quot (System/currentTimeMillis) 1000))} secret {:alg :hs256})}}
    (do (log/warn "refresh refused" (:remote-addr request) (:uri request) (get-in request [:headers "user-agent"]))
        {:status 401 :body {:error "unknown"}})))

(def app (ring/ring-handler (ring/router [["/token/refresh" {:post {:handler refresh}}]])))
